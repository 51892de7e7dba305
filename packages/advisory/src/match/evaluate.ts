import { messageOf } from '@palisade/model/error';
import type { PackageEntry } from '../bundle/format.ts';
import { intervalHolding } from '../ranges.ts';
import type { Compare } from '../ranges.ts';
import type { FixState } from './types.ts';

/** What one advisory's entry says of one version. */
export type Outcome = { readonly answer: 'affected' | 'unknown'; readonly reason?: string; readonly fixed?: string; readonly fixState: FixState };

/** The installed version as the scheme sees it: its order, or why there is none. */
export type Installed = { readonly version: string; readonly compare: Compare | undefined; readonly problem: string | undefined; readonly module: string | undefined; readonly modular: boolean };

/** OSV's evaluation: named in `versions`, or inside a range. Undefined: not affected. */
export function evaluate(entry: PackageEntry, installed: Installed): Outcome | undefined {
  if (otherModule(entry, installed)) return undefined;
  if (entry.v !== undefined && named(entry.v, installed)) return { answer: 'affected', fixState: entry.i ?? 'unknown' };
  if (entry.r !== undefined) {
    if (installed.compare === undefined) return { answer: 'unknown', reason: installed.problem ?? 'the version does not parse', fixState: 'unknown' };
    try {
      const interval = intervalHolding(entry.r, installed.version, installed.compare);
      if (interval !== undefined) {
        const [, end, last] = interval;
        const fixed = end !== null && last === null ? end : undefined;
        const fixState: FixState = fixed !== undefined ? 'fixed' : (entry.i ?? (end === null && last === null ? 'not-fixed' : 'unknown'));
        if (entry.u !== undefined) return { answer: 'unknown', reason: entry.u, fixState };
        return { answer: 'affected', fixState, ...(fixed === undefined ? {} : { fixed }) };
      }
    } catch (error) {
      return { answer: 'unknown', reason: messageOf(error), fixState: 'unknown' };
    }
  }
  return entry.e === undefined ? undefined : { answer: 'unknown', reason: entry.e, fixState: 'unknown' };
}

/** Named one by one: by its text, or by another spelling of the same version ("2.0" and "2.0.0" of PyPI). */
function named(versions: readonly string[], { version, compare }: Installed): boolean {
  if (versions.includes(version)) return true;
  if (compare === undefined) return false;
  return versions.some((one) => {
    try {
      return compare(one, version) === 0;
    } catch {
      // A listed text that is no version can be matched by its letters alone, as above.
      return false;
    }
  });
}

// RHEL 8 brought modules: nodejs:16 and nodejs:18 are built beside the plain package, and their versions do not
// follow one line. A fix for one says nothing of the others.
function otherModule(entry: PackageEntry, installed: Installed): boolean {
  const bound = entry.r?.[0]?.[1];
  if (bound === undefined || bound === null) return false;
  const modularFix = isModular(bound);
  if (modularFix !== installed.modular) return modularFix || installed.modular;
  return modularFix && entry.m !== undefined && installed.module !== undefined && entry.m !== installed.module;
}

/** True for the release strings that module builds carry: "3.module_el8.5.0+…", "1.module+el9…". */
export function isModular(version: string): boolean {
  return /\.module[_+]?(?:el|f)\d/i.test(version) || version.includes('.module+');
}
