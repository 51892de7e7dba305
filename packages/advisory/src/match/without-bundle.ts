import type { Package } from '@palisade/model/package';
import { ecosystemKey } from '../ecosystem/key.ts';
import type { Match } from './types.ts';

/** The answer where there is no bundle at all: unknown for every package, and why. */
export function matchWithoutBundle(packages: readonly Package[]): Match[] {
  return packages.map((one) => ({ package: one, answer: 'unknown', reason: `no feed covers ${ecosystemKey(one.ecosystem).toLowerCase()}`, coverage: null, ...(one.ownedBy === undefined ? {} : { owner: one.ownedBy }), vulnerabilities: [] }));
}
