import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@palisade/model/error';
import { UnreadableImage } from '../../error.ts';
import type { Credentials } from './credentials.ts';
import { isLoopback } from './reference.ts';
import type { Reference } from './reference.ts';

export type ClientOptions = {
  readonly signal: AbortSignal;
  /** Hosts that may be spoken to without TLS, beside the machine itself. */
  readonly insecure: readonly string[];
  readonly credentials: (host: string) => Promise<Credentials | undefined>;
};

/** GET below /v2/NAME/ of one registry; answers 200 and 206 responses, throws UnreadableImage for all else. */
export type RegistryClient = { get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response> };

const headerTime = 30_000;
const tries = 4;
/** A registry that asks to wait longer than this is not waited for. */
const longestWait = 30_000;
const redirects = 5;

export function registryClient(reference: Reference, options: ClientOptions): RegistryClient {
  const { host, name } = reference;
  const plain = isLoopback(host) || options.insecure.includes(host);
  let scheme = 'https';
  let authorization: string | undefined;
  const label = `registry:${host}/${name}`;

  return {
    async get(path, headers = {}) {
      for (let attempt = 1; ; attempt += 1) {
        const response = await reach(`/v2/${name}/${path}`, headers);
        if (response.ok) return response;
        await response.body?.cancel();
        if (response.status === 401 && attempt === 1) {
          authorization = await authorize(response.headers.get('www-authenticate') ?? '');
          continue;
        }
        const wait = waitOf(response, attempt);
        if (wait !== undefined && attempt < tries) {
          await sleep(wait, undefined, { signal: options.signal });
          continue;
        }
        throw new UnreadableImage(`${label}: ${said(response.status)} for ${path}`, { status: response.status });
      }
    },
  };

  /** The first call finds out whether a host that may be plain is. */
  async function reach(path: string, headers: Readonly<Record<string, string>>): Promise<Response> {
    const own = (): string => `${scheme}://${host}`;
    const call = (): Promise<Response> => follow(new URL(own() + path), { ...headers, ...(authorization === undefined ? {} : { authorization }) }, own());
    try {
      return await call();
    } catch (error) {
      if (!plain || scheme === 'http' || error instanceof UnreadableImage || options.signal.aborted) throw failed(error);
      scheme = 'http';
      try {
        return await call();
      } catch (again) {
        throw failed(again);
      }
    }
  }

  /** Follows redirects by hand: what authorizes us here is nobody else's (blob stores sign their addresses). */
  async function follow(url: URL, headers: Readonly<Record<string, string>>, own: string): Promise<Response> {
    let at = url;
    for (let hop = 0; hop <= redirects; hop += 1) {
      const { authorization: secret, ...rest } = headers;
      const response = await fetchOnce(at, at.origin === new URL(own).origin && secret !== undefined ? { ...rest, authorization: secret } : rest);
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
      await response.body?.cancel();
      const next = new URL(location, at);
      if (next.protocol !== 'https:' && !(next.protocol === 'http:' && (isLoopback(next.host) || options.insecure.includes(next.host)))) throw new UnreadableImage(`${label}: is redirected to ${next.protocol}//${next.host}, which is not https`);
      at = next;
    }
    throw new UnreadableImage(`${label}: more than ${redirects} redirects`);
  }

  async function fetchOnce(url: URL, headers: Readonly<Record<string, string>>): Promise<Response> {
    const limit = new AbortController();
    const late = setTimeout(() => limit.abort(new Error(`no answer within ${headerTime / 1000} seconds`)), headerTime);
    try {
      return await fetch(url, { headers: { ...headers }, redirect: 'manual', signal: AbortSignal.any([options.signal, limit.signal]) });
    } finally {
      clearTimeout(late);
    }
  }

  async function authorize(challenge: string): Promise<string> {
    const found = await options.credentials(host);
    const basic = found === undefined || found.username === '' ? undefined : `Basic ${Buffer.from(`${found.username}:${found.password}`).toString('base64')}`;
    if (/^basic\b/i.test(challenge)) {
      if (basic === undefined) throw new UnreadableImage(`${label}: asks for a user and password; log in with "docker login ${host}"`);
      return basic;
    }
    const bearer = /^bearer\s+(.*)$/i.exec(challenge);
    const parts = new Map([...(bearer?.[1] ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1]?.toLowerCase() ?? '', match[2] ?? '']));
    const realm = parts.get('realm');
    if (realm === undefined || !URL.canParse(realm)) throw new UnreadableImage(`${label}: asks for an authorization that is not known: ${challenge.slice(0, 100)}`);
    const url = new URL(realm);
    if (url.protocol !== 'https:' && !isLoopback(url.host) && !options.insecure.includes(url.host)) throw new UnreadableImage(`${label}: its token server ${url.host} is not https`);
    const scope = parts.get('scope') ?? `repository:${name}:pull`;
    const response = found?.identityToken === undefined ? await askToken(url, parts.get('service'), scope, basic) : await exchange(url, parts.get('service'), scope, found.identityToken);
    if (!response.ok) throw new UnreadableImage(`${label}: the token server ${url.host} ${said(response.status)}`, { status: response.status });
    const body = JSON.parse((await response.text()).slice(0, 1 << 20)) as { token?: unknown; access_token?: unknown };
    const token = typeof body.token === 'string' && body.token !== '' ? body.token : body.access_token;
    if (typeof token !== 'string' || /[^\x21-\x7e]/.test(token)) throw new UnreadableImage(`${label}: the token server ${url.host} answered without a token`);
    return `Bearer ${token}`;
  }

  async function askToken(realm: URL, service: string | undefined, scope: string, basic: string | undefined): Promise<Response> {
    if (service !== undefined) realm.searchParams.set('service', service);
    realm.searchParams.set('scope', scope);
    return reached(fetch(realm, { redirect: 'error', signal: AbortSignal.any([options.signal, AbortSignal.timeout(headerTime)]), ...(basic === undefined ? {} : { headers: { authorization: basic } }) }));
  }

  async function exchange(realm: URL, service: string | undefined, scope: string, token: string): Promise<Response> {
    const body = new URLSearchParams({ grant_type: 'refresh_token', service: service ?? '', scope, client_id: 'palisade', refresh_token: token });
    return reached(fetch(realm, { method: 'POST', body, redirect: 'error', signal: AbortSignal.any([options.signal, AbortSignal.timeout(headerTime)]) }));
  }

  async function reached(call: Promise<Response>): Promise<Response> {
    try {
      return await call;
    } catch (error) {
      throw failed(error);
    }
  }

  function failed(error: unknown): Error {
    if (error instanceof UnreadableImage) return error;
    options.signal.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return new UnreadableImage(`${label}: ${messageOf(error)}${cause}`, {}, error);
  }
}

/** Milliseconds to wait before another try; undefined where another try won't help. */
function waitOf(response: Response, attempt: number): number | undefined {
  if (response.status !== 429 && response.status < 500) return undefined;
  const asked = Number(response.headers.get('retry-after') ?? Number.NaN) * 1000;
  const wait = Number.isFinite(asked) ? asked : 500 * 2 ** attempt;
  return wait > longestWait ? undefined : wait;
}

function said(status: number): string {
  const words: Readonly<Record<number, string>> = { 401: 'refuses us (401: not logged in, or no right to pull)', 403: 'refuses us (403: no right to pull)', 404: 'does not have it (404)', 429: 'asks for fewer requests (429: rate limit)' };
  return words[status] ?? `answers ${status}`;
}
