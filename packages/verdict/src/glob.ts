/** Longest pattern and value that are compared; a purl or path beyond it is hostile. */
const maxLength = 4096;

/**
 * True when `value` is the pattern, where `*` stands for any run of characters, "/" included. Linear: after a
 * mismatch only the last `*` is extended, so `*a*a*a*b` costs no more than |pattern| · |value|.
 */
export function globMatches(pattern: string, value: string): boolean {
  if (pattern.length > maxLength || value.length > maxLength) return false;
  let p = 0;
  let star = -1;
  let mark = 0;
  for (let v = 0; v < value.length; ) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p;
      mark = v;
      p += 1;
    } else if (p < pattern.length && pattern[p] === value[v]) {
      p += 1;
      v += 1;
    } else if (star >= 0) {
      p = star + 1;
      mark += 1;
      v = mark;
    } else return false;
  }
  while (pattern[p] === '*') p += 1;
  return p === pattern.length;
}
