import { compareVersions } from '@palisade/version/compare';
import { plainOrder } from './plain-versions.ts';

// The plain matcher that the real one is held against: OSV's evaluation as the schema words it, over the raw
// records, with no bundle, no intervals and nothing prepared. Slow on purpose.

/** How often versions were ordered by what the tests have of their own, and how often by packages/version. */
export const ordered = new Map<string, { own: number; borrowed: number }>();

function compare(scheme: string, a: string, b: string): number {
  const count = ordered.get(scheme) ?? { own: 0, borrowed: 0 };
  ordered.set(scheme, count);
  const own = plainOrder(scheme, a, b);
  if (own === undefined) count.borrowed += 1;
  else count.own += 1;
  return own ?? compareVersions(scheme, a, b);
}

export type RawRecord = {
  readonly id: string;
  readonly withdrawn?: string | null;
  readonly aliases?: readonly string[];
  readonly related?: readonly string[];
  readonly upstream?: readonly string[];
  readonly summary?: string;
  readonly affected?: readonly {
    readonly package?: { readonly ecosystem: string; readonly name: string };
    readonly versions?: readonly (string | number)[];
    readonly ranges?: readonly { readonly type: string; readonly events: readonly Readonly<Record<string, string>>[] }[];
  }[];
};

/** True when the record, read by the letter, says that this version of this package is affected; undefined when a version does not parse. */
export function plainlyAffected(record: RawRecord, scheme: string, same: (ecosystem: string, name: string) => boolean, version: string): boolean | undefined {
  if (record.withdrawn) return false;
  let unknown = false;
  for (const affected of record.affected ?? []) {
    if (affected.package === undefined || !same(affected.package.ecosystem, affected.package.name)) continue;
    if (scheme === 'rpm' && otherBuild(affected.ranges ?? [], version)) continue;
    if (Array.isArray(affected.versions) && affected.versions.map(String).includes(version)) return true;
    for (const range of affected.ranges ?? []) {
      if (range.type === 'GIT') continue;
      try {
        if (inRange(range.events, scheme, version)) return true;
      } catch {
        unknown = true;
      }
    }
  }
  return unknown ? undefined : false;
}

function inRange(events: readonly Readonly<Record<string, string>>[], scheme: string, version: string): boolean {
  const at = (event: Readonly<Record<string, string>>): string => String(Object.values(event)[0]);
  const order = (a: string, b: string): number => (a === '0' || b === '0' ? Number(a !== '0') - Number(b !== '0') : compare(scheme, a, b));
  const sorted = [...events].sort((a, b) => order(at(a), at(b)) || Number(!('introduced' in a)) - Number(!('introduced' in b)));
  let vulnerable = false;
  for (const event of sorted) {
    const distance = at(event) === '0' ? 1 : compare(scheme, version, at(event));
    if ('introduced' in event && distance >= 0) vulnerable = true;
    if ('fixed' in event && distance >= 0) vulnerable = false;
    if ('last_affected' in event && distance > 0) vulnerable = false;
  }
  return vulnerable;
}

// A module's build and a plain one are different packages of one name.
function otherBuild(ranges: readonly { readonly events: readonly Readonly<Record<string, string>>[] }[], version: string): boolean {
  const fixed = ranges[0]?.events.find((event) => 'fixed' in event)?.['fixed'];
  return fixed !== undefined && fixed.includes('.module') !== version.includes('.module');
}
