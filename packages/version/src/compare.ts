import { PalisadeError } from '@palisade/model/error';
import { findScheme, schemes } from './registry.ts';
import type { VersionScheme } from './scheme.ts';

/**
 * Orders two versions: -1, 0 or 1. `scheme` is an id or alias (deb, debian, npm, pypi …). Throws a PalisadeError
 * `scheme-unknown` or `version-unparsable`: a caller must answer "unknown" then, never "not affected".
 */
export function compareVersions(scheme: string, a: string, b: string): -1 | 0 | 1 {
  const found = schemeNamed(scheme);
  const order = found.compare(found.parse(a), found.parse(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/** The scheme of an id or alias; throws `scheme-unknown` naming those there are. */
export function schemeNamed(name: string): VersionScheme {
  const found = findScheme(name);
  if (found !== undefined) return found;
  throw new PalisadeError('scheme-unknown', `unknown version scheme "${name}"; known are ${schemes.map((scheme) => scheme.id).join(', ')}`, { detail: { scheme: name } });
}
