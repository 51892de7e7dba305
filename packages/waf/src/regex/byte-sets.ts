const between = (from: number, to: number): Uint8Array => new Uint8Array(256).fill(1, from, to + 1);

/** The set of the given bytes. */
export function setOf(...bytes: number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const byte of bytes) set[byte] = 1;
  return set;
}

export function union(...sets: Uint8Array[]): Uint8Array {
  const all = new Uint8Array(256);
  for (const set of sets) for (let byte = 0; byte < 256; byte += 1) if (set[byte] === 1) all[byte] = 1;
  return all;
}

export function complement(set: Uint8Array): Uint8Array {
  return set.map((member) => 1 - member);
}

/** Adds the other case of every ASCII letter; bytes above 127 have no case in PCRE's C locale. */
export function foldCase(set: Uint8Array): Uint8Array {
  const folded = set.slice();
  for (let upper = 65; upper <= 90; upper += 1) {
    if (set[upper] === 1 || set[upper + 32] === 1) folded[upper] = folded[upper + 32] = 1;
  }
  return folded;
}

const digit = between(48, 57);
const lower = between(97, 122);
const upper = between(65, 90);
const alpha = union(lower, upper);
const word = union(alpha, digit, setOf(95));
const space = union(between(9, 13), setOf(32));
const horizontal = setOf(9, 32, 0xa0);
const vertical = union(between(10, 13), setOf(0x85));

/** Every byte; the dot under DOTALL. */
export const anyByte = between(0, 255);
/** `\d \w \s \h \v \N` and their complements, in PCRE's C locale. */
export const escapes: Readonly<Record<string, Uint8Array>> = {
  d: digit, D: complement(digit), w: word, W: complement(word), s: space, S: complement(space),
  h: horizontal, H: complement(horizontal), v: vertical, V: complement(vertical), N: complement(setOf(10)),
};
/** `[:name:]` classes. */
export const posix: Readonly<Record<string, Uint8Array>> = {
  alpha, digit, lower, upper, word, space, alnum: union(alpha, digit), ascii: between(0, 127), blank: setOf(9, 32),
  cntrl: union(between(0, 31), setOf(127)), graph: between(33, 126), print: between(32, 126),
  punct: union(between(33, 47), between(58, 64), between(91, 96), between(123, 126)), xdigit: union(digit, between(65, 70), between(97, 102)),
};
