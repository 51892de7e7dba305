import { messageOf } from '@palisade/model/error';
import { orderOf } from '../ecosystem/order.ts';
import { schemeOf } from '../ecosystem/scheme.ts';
import { intervalHolding, intervalsOf } from '../ranges.ts';
import type { Interval } from '../ranges.ts';
import type { Affected } from '../record.ts';
import { bestOf } from '../severity.ts';
import type { PackageEntry } from './format.ts';

/** What the bundle keeps of one affected package: events become sorted intervals, versions inside them are dropped. */
export function entryOf(advisory: number, key: string, affected: Omit<Affected, 'ecosystem' | 'name'>): PackageEntry {
  const scheme = schemeOf(key);
  const cvss = affected.vectors === undefined ? undefined : bestOf(affected.vectors);
  const extras = {
    ...(affected.severity === undefined ? {} : { s: affected.severity }),
    ...(cvss === undefined ? {} : { c: cvss }),
    ...(affected.intent === undefined ? {} : { i: affected.intent }),
    ...(affected.undetermined === undefined ? {} : { u: affected.undetermined }),
    ...(affected.module === undefined ? {} : { m: affected.module }),
  };
  if (scheme === undefined) {
    return { a: advisory, ...(affected.ranges.length > 0 ? { e: `the order of ${key} versions is not known` } : {}), ...versionsIn(affected.versions), ...extras };
  }
  const compare = orderOf(scheme);
  const intervals: Interval[] = [];
  let trouble: string | undefined;
  for (const events of affected.ranges) {
    try {
      intervals.push(...intervalsOf(events, compare));
    } catch (error) {
      trouble ??= messageOf(error);
    }
  }
  // A version list mostly spells out its ranges. Only what they do not hold has to be kept; a version that does not
  // parse is not held, and is found by its exact text.
  const versions = affected.versions.filter((version) => {
    try {
      return intervalHolding(intervals, version, compare) === undefined;
    } catch {
      return true;
    }
  });
  return { a: advisory, ...(intervals.length > 0 ? { r: intervals } : {}), ...versionsIn(versions), ...extras, ...(trouble === undefined ? {} : { e: trouble }) };
}

function versionsIn(versions: readonly string[]): { v?: string[] } {
  return versions.length === 0 ? {} : { v: [...new Set(versions)].sort() };
}
