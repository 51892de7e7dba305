import { UnreadableImage } from '../../error.ts';

/** A reference in its parts. `host` is where the API answers; `name` the repository. Without tag and digest the tag is "latest". */
export type Reference = { readonly host: string; readonly name: string; readonly tag: string; readonly digest?: string };

const component = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;

/** Reads "[HOST[:PORT]/]NAME[:TAG][@DIGEST]" as Docker does: without a host it is Docker Hub's, and a bare name is in "library/". */
export function parseReference(text: string): Reference {
  const refuse = (cause: string): never => {
    throw new UnreadableImage(`registry:${text}: ${cause}`);
  };
  if (text.length > 512) refuse('is too long');
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/.test(digest)) refuse('its digest is no sha256 or sha512 digest');
  const rest = at < 0 ? text : text.slice(0, at);
  const slash = rest.indexOf('/');
  const first = slash < 0 ? '' : rest.slice(0, slash);
  const isHost = first === 'localhost' || /[.:]/.test(first);
  const path = isHost ? rest.slice(slash + 1) : rest;
  const colon = path.lastIndexOf(':');
  const name = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? 'latest' : path.slice(colon + 1);
  if (!name.split('/').every((part) => component.test(part))) refuse('its name is not lower-case words between "/"');
  if (!/^\w[\w.-]{0,127}$/.test(tag)) refuse('its tag has other than letters, digits, "_", "." and "-"');
  if (isHost && !/^(?:\[[0-9a-f:]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::\d{1,5})?$/i.test(first)) refuse('its host is no host name');
  const hub = !isHost || first === 'docker.io' || first === 'index.docker.io';
  return { host: hub ? 'registry-1.docker.io' : first, name: hub && !name.includes('/') ? `library/${name}` : name, tag, ...(digest === undefined ? {} : { digest }) };
}

/** True for the machine itself: there plain http is no risk. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}
