import v8 from 'node:v8';

/** Values from this length on are searched with more patience; shorter ones stay within the usual limit. */
export const longValue = 65_536;

// V8 keeps the limit of the moment a pattern is compiled in, which may be at any of its searches, and one compiled form
// for each source: so long values have patterns of their own, told apart by an empty group.
const usual = 50_000;
const patient = 4_000_000;
const patterns = new WeakMap<RegExp, RegExp>();

/**
 * Searches a long value. A search that backtracks a little for every byte passes V8's limit in a text of a megabyte, and
 * the linear engine that takes over needs eighty times as long. Four million steps take less than that engine does for
 * the shortest long value, so what a hostile value can cost grows by a factor below two.
 */
export function searchLong(regex: RegExp, value: string): RegExpExecArray | null {
  let own = patterns.get(regex);
  if (own === undefined) {
    own = new RegExp(`(?:)${regex.source.includes('|') ? `(?:${regex.source})` : regex.source}`, regex.flags);
    patterns.set(regex, own);
  }
  v8.setFlagsFromString(`--regexp-backtracks-before-fallback=${patient}`);
  try {
    return own.exec(value);
  } finally {
    v8.setFlagsFromString(`--regexp-backtracks-before-fallback=${usual}`);
  }
}
