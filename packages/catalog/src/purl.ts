import { PackageURL } from 'packageurl-js';
import type { Distribution } from './distribution.ts';
import type { Found } from './found.ts';

/** The purl of a found package as the purl specification's type definitions have it. */
export function purlOf(found: Found, distribution: Distribution | undefined): string {
  const qualifiers: Record<string, string> = { ...found.qualifiers };
  if (found.arch !== undefined && found.arch !== '') qualifiers['arch'] = found.arch;
  if (distribution !== undefined && distribution.distro !== '') qualifiers['distro'] = distribution.distro;
  const namespace = found.namespace ?? distribution?.namespace;
  const version = found.type === 'rpm' ? splitEpoch(found.version, qualifiers) : found.version;
  try {
    const purl = new PackageURL(found.type, namespace, nameOf(found), version, Object.keys(qualifiers).length === 0 ? undefined : qualifiers, found.subpath);
    // The specification leaves colons as they are (epochs, module labels); a literal "%3A" is "%253A" by now.
    return purl.toString().replaceAll('%3A', ':');
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
