import { schemeNamed } from '@palisade/version/compare';
import type { Compare } from '../ranges.ts';

// A package's version is compared with every bound of its advisories: parsed once, not each time.
const maxCached = 20_000;
const orders = new Map<string, Compare>();

/** The order of a version scheme with its parsed versions kept; throws what the scheme throws on a version that does not parse. */
export function orderOf(scheme: string): Compare {
  const known = orders.get(scheme);
  if (known !== undefined) return known;
  const { parse, compare } = schemeNamed(scheme);
  const cache = new Map<string, unknown>();
  const parsed = (text: string): unknown => {
    let value = cache.get(text);
    if (value === undefined) {
      value = parse(text);
      if (cache.size >= maxCached) cache.clear();
      cache.set(text, value);
    }
    return value;
  };
  const order: Compare = (a, b) => compare(parsed(a), parsed(b));
  orders.set(scheme, order);
  return order;
}
