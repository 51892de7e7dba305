import { createRequire } from 'node:module';
import type { PackageURL } from 'packageurl-js';
import type { Distribution } from './distribution.ts';
import type { Found } from './found.ts';

/** The purl of a found package as the purl specification's type definitions have it. */
export function purlOf(found: Found, distribution: Distribution | undefined): string {
  const qualifiers: Record<string, string> = { ...found.qualifiers };
  if (found.arch !== undefined && found.arch !== '') qualifiers['arch'] = found.arch;
  if (distribution !== undefined && distribution.distro !== '') qualifiers['distro'] = distribution.distro;
  const namespace = found.namespace ?? distribution?.namespace;
  const version = found.type === 'rpm' ? splitEpoch(found.version, qualifiers) : found.version;
  const name = nameOf(found);
  const plain = found.subpath === undefined ? plainPurl(found.type, namespace, name, version, qualifiers) : undefined;
  if (plain !== undefined) return plain;
  try {
    return fullPurl(found.type, namespace, name, version, qualifiers, found.subpath);
  } catch {
    // A name that its type forbids (an npm name with blanks, a hostile manifest) is still a package that is there.
    const parts = [namespace ?? '', found.name].filter((part) => part !== '').map((part) => encodeURIComponent(part.toWellFormed()));
    return `pkg:generic/${parts.join('/')}@${encodeURIComponent(version.toWellFormed())}?origin=${found.type}`;
  }
}

/** rpm's epoch is a qualifier of its own. */
function splitEpoch(version: string, qualifiers: Record<string, string>): string {
  const match = /^(\d+):(.*)$/.exec(version);
  if (match === null) return version;
  qualifiers['epoch'] = match[1] ?? '0';
  return match[2] ?? '';
}

/** PEP 503 for Python; other types are written as they are found. */
function nameOf(found: Found): string {
  return found.type === 'pypi' ? found.name.toLowerCase().replace(/[-_.]+/g, '-') : found.name;
}

/** The types whose rules leave a lower-case name as it is. */
const plainTypes: ReadonlySet<string> = new Set(['apk', 'cargo', 'deb', 'gem', 'golang', 'maven', 'npm', 'pypi', 'rpm']);
const plainNamespace = /^@?[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/;
const plainName = /^[a-z0-9][a-z0-9.+-]{0,99}$/;
const plainVersion = /^[A-Za-z0-9][A-Za-z0-9._~+:-]*$/;
const plainValue = /^[A-Za-z0-9._-]+$/;
/** What npm forbids, and what its registry knew before its rules. */
const unplainNames: ReadonlySet<string> = new Set(['node_modules', 'favicon.ico']);

/**
 * The same text as `fullPurl` for what nearly every package is made of: characters that need no escape and no rule of a
 * type. undefined for anything else. Loading the library costs as much as all packages of an image by this (it makes a
 * collator); a test holds the two together.
 */
export function plainPurl(type: string, namespace: string | undefined, name: string, version: string, qualifiers: Readonly<Record<string, string>>): string | undefined {
  if (!plainTypes.has(type) || !plainName.test(name) || unplainNames.has(name) || !plainVersion.test(version)) return undefined;
  let text = `pkg:${type}/`;
  if (namespace !== undefined && namespace !== '') {
    if (!plainNamespace.test(namespace) || (namespace.startsWith('@') && type !== 'npm')) return undefined;
    text += `${namespace.replace('@', '%40')}/`;
  } else if (type === 'maven') return undefined;
  text += `${name.replaceAll('+', '%2B')}@${version}`;
  let separator = '?';
  for (const key of Object.keys(qualifiers).sort()) {
    const value = qualifiers[key] ?? '';
    if (!plainValue.test(value)) return undefined;
    text += `${separator}${key}=${value}`;
    separator = '&';
  }
  return text;
}

type Library = { readonly PackageURL: typeof PackageURL };
let library: Library | undefined;

/** Throws what the type's rules forbid. */
export function fullPurl(type: string, namespace: string | undefined, name: string, version: string, qualifiers: Readonly<Record<string, string>>, subpath?: string): string {
  library ??= createRequire(import.meta.url)('packageurl-js') as Library;
  const purl = new library.PackageURL(type, namespace, name, version, Object.keys(qualifiers).length === 0 ? undefined : { ...qualifiers }, subpath);
  // The specification leaves colons as they are (epochs, module labels); a literal "%3A" is "%253A" by now.
  return purl.toString().replaceAll('%3A', ':');
}
