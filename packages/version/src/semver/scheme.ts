import type { VersionScheme } from '../scheme.ts';
import { checkedText, unparsable } from '../scheme.ts';
import { compareDigits, compareLists, compareText } from '../order.ts';

/** `numbers` always has three; `prerelease` is empty for a release; `build` takes no part in the order. */
export type SemVer = { readonly numbers: readonly string[]; readonly prerelease: readonly string[]; readonly build: string };

const shape = /^[vV=]?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z.+_-]+))?$/;

/** Semantic Versioning 2.0.0, and what registries hold beside it: a leading v, missing parts (zero), parts after the third (build). */
export const semver: VersionScheme<SemVer> = {
  id: 'semver',
  aliases: ['npm', 'node', 'nodejs', 'javascript', 'cargo', 'crates.io', 'rust', 'hex', 'swift', 'bitnami', 'yarn', 'crates'],
  parse: (text) => parseSemVer('semver', text),
  compare: compareSemVer,
};

/** Reads a semantic version for `scheme`, which names the error. */
export function parseSemVer(scheme: string, text: string): SemVer {
  const whole = checkedText(scheme, text);
  const match = shape.exec(whole);
  if (match === null) throw unparsable(scheme, text, 'it is not MAJOR.MINOR.PATCH with an optional -prerelease and +build');
  const parts = (match[1] ?? '').split('.');
  const numbers = [parts[0] ?? '0', parts[1] ?? '0', parts[2] ?? '0'];
  const build = [...parts.slice(3), ...(match[3] === undefined ? [] : [match[3]])].join('.');
  return { numbers, prerelease: match[2] === undefined ? [] : match[2].split('.'), build };
}

/** Precedence of SemVer 2.0.0, section 11. */
export function compareSemVer(a: SemVer, b: SemVer): number {
  const order = compareLists(a.numbers, b.numbers, compareDigits, () => 1);
  if (order !== 0) return order;
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  return compareLists(a.prerelease, b.prerelease, compareIdentifier, () => 1);
}

/** Numbers by value and before words; words by ASCII. */
export function compareIdentifier(a: string, b: string): number {
  const numberA = /^\d+$/.test(a);
  const numberB = /^\d+$/.test(b);
  if (numberA && numberB) return compareDigits(a, b);
  if (numberA !== numberB) return numberA ? -1 : 1;
  return compareText(a, b);
}
