import type { RangeEvent } from './record.ts';

/** Orders two versions; throws when one does not parse in the scheme. */
export type Compare = (a: string, b: string) => number;

/**
 * Half-open: from `introduced` ("0" = the beginning) up to but not `fixed`, or up to and with `last`. An end that is
 * OSV's "limit" (where the record stops to speak, not a fix) stands as `fixed` with `last` "".
 */
export type Interval = readonly [introduced: string, fixed: string | null, last: string | null];

type Boundary = { readonly version: string; readonly kind: 'introduced' | 'fixed' | 'last' };

/**
 * OSV's events of one range as intervals. The specification lets events stand in any order, so they are sorted by
 * version first; at equal versions what opens stands before what closes, as in its evaluation algorithm.
 * Throws what `compare` throws.
 */
export function intervalsOf(events: readonly RangeEvent[], compare: Compare): Interval[] {
  const boundaries = events.map(boundaryOf).filter((boundary) => boundary !== undefined);
  boundaries.sort((a, b) => compareFrom0(a.version, b.version, compare) || rank(a) - rank(b));
  const intervals: Interval[] = [];
  let open: string | undefined;
  for (const { kind, version } of boundaries) {
    if (kind === 'introduced') open ??= version;
    else if (open !== undefined) {
      if (kind === 'last') intervals.push([open, null, version]);
      // A range that ends where it starts is empty.
      else if (compareFrom0(open, version, compare) < 0) intervals.push([open, version, null]);
      open = undefined;
    }
  }
  if (open !== undefined) intervals.push([open, null, null]);
  const limit = limitOf(events, compare);
  return limit === undefined ? intervals : intervals.flatMap((interval) => cutAt(interval, limit, compare));
}

/** The specification takes a version that lies before any one limit; so the highest counts, and "*" is none. */
function limitOf(events: readonly RangeEvent[], compare: Compare): string | undefined {
  let highest: string | undefined;
  for (const { limit } of events) {
    if (limit === '*') return undefined;
    if (limit !== undefined && (highest === undefined || compareFrom0(highest, limit, compare) < 0)) highest = limit;
  }
  return highest;
}

function cutAt(interval: Interval, limit: string, compare: Compare): Interval[] {
  const [introduced, fixed, last] = interval;
  if (compareFrom0(introduced, limit, compare) >= 0) return [];
  if (fixed !== null && compareFrom0(fixed, limit, compare) <= 0) return [interval];
  if (last !== null && compareFrom0(last, limit, compare) < 0) return [interval];
  return [[introduced, limit, '']];
}

function boundaryOf(event: RangeEvent): Boundary | undefined {
  if (event.introduced !== undefined) return { version: event.introduced, kind: 'introduced' };
  if (event.fixed !== undefined) return { version: event.fixed, kind: 'fixed' };
  if (event.lastAffected !== undefined) return { version: event.lastAffected, kind: 'last' };
  return undefined;
}

function rank(boundary: Boundary): number {
  return boundary.kind === 'introduced' ? 0 : 1;
}

/** "0" sorts before every version of every scheme (OSV), also where the scheme could not parse it. */
function compareFrom0(a: string, b: string, compare: Compare): number {
  if (a === '0' || b === '0') return a === b ? 0 : a === '0' ? -1 : 1;
  return compare(a, b);
}

/** The interval that holds `version`, or undefined. Throws what `compare` throws. */
export function intervalHolding(intervals: readonly Interval[], version: string, compare: Compare): Interval | undefined {
  for (const interval of intervals) {
    const [introduced, fixed, last] = interval;
    if (introduced !== '0' && compare(version, introduced) < 0) continue;
    if (fixed !== null) {
      if (compare(version, fixed) < 0) return interval;
    } else if (last === null || compare(version, last) <= 0) return interval;
  }
  return undefined;
}
