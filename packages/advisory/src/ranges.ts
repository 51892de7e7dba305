import type { RangeEvent } from './record.ts';

/** Orders two versions; throws when one does not parse in the scheme. */
export type Compare = (a: string, b: string) => number;

/** Half-open: from `introduced` ("0" = the beginning) up to but not `fixed`, or up to and with `last`. */
export type Interval = readonly [introduced: string, fixed: string | null, last: string | null];

type Boundary = { readonly version: string; readonly kind: 'introduced' | 'fixed' | 'last' | 'limit' };

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
      else if (compareFrom0(open, version, compare) < 0) intervals.push(kind === 'fixed' ? [open, version, null] : [open, version, '']);
      open = undefined;
    }
  }
  if (open !== undefined) intervals.push([open, null, null]);
  return intervals;
}

function boundaryOf(event: RangeEvent): Boundary | undefined {
  if (event.introduced !== undefined) return { version: event.introduced, kind: 'introduced' };
  if (event.fixed !== undefined) return { version: event.fixed, kind: 'fixed' };
  if (event.lastAffected !== undefined) return { version: event.lastAffected, kind: 'last' };
  if (event.limit !== undefined && event.limit !== '*') return { version: event.limit, kind: 'limit' };
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
