import tables from './tables.json' with { type: 'json' };

// Text of words, numbers and a few marks becomes tokens of the types n, 1, ".", ",", ":" and o (and v after "@"), and
// folding makes no other type of these. No fingerprint consists of n 1 f . , : o, nor of n 1 f . , : v; so such text is no
// injection unless a word of it is a keyword of another type. A function's name (f) counts with its bracket only. Words are told by a hash: a false hit only costs the full reading.

const word = 1;
const digit = 2;
const mark = 3;
const operator = 4;
const at = 5;

const kinds = new Uint8Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  const char = String.fromCharCode(byte);
  if (byte === 0xa0 || ' \t\n\r.,:'.includes(char)) kinds[byte] = mark;
  else if (byte >= 0x80 || /[A-Za-z_]/.test(char)) kinds[byte] = word;
  else if (/[0-9]/.test(char)) kinds[byte] = digit;
  else if ('-+/=<>!%~^'.includes(char)) kinds[byte] = operator;
  else if (char === '@') kinds[byte] = at;
}

const mask = 0x1ffff;
const known = new Uint32Array((mask + 1) >> 5);
const step = (hash: number, code: number): number => (Math.imul(hash, 31) + (code & 0xdf)) | 0;
let longest = 0;
for (const [text, type] of Object.entries(tables.keywords)) {
  // Parts of a keyword of several words count whatever they are alone: two of them merge.
  const parts = text.split(/[ .]/);
  if (parts.length === 1 && (type === 'n' || type === '1' || type === 'f')) continue;
  for (const part of parts) {
    let hash = 0;
    for (let index = 0; index < part.length; index += 1) hash = step(hash, part.charCodeAt(index));
    hash &= mask;
    known[hash >> 5]! |= 1 << (hash & 31);
    longest = Math.max(longest, part.length);
  }
}
const isKnown = (hash: number): boolean => (known[(hash & mask) >> 5]! & (1 << (hash & 31))) !== 0;

/** After digits a word may begin anywhere: every tail of the run is looked up. */
function tailIsKnown(text: string, start: number, end: number): boolean {
  for (let from = Math.max(start + 1, end - longest); from < end; from += 1) {
    if (kinds[text.charCodeAt(from) & 255] !== word) continue;
    let hash = 0;
    for (let index = from; index < end; index += 1) hash = step(hash, text.charCodeAt(index));
    if (isKnown(hash)) return true;
  }
  return false;
}

/** True only for text that can't be an SQL injection, told in one pass. */
export function isOrdinaryText(text: string): boolean {
  let operators = false;
  let variables = false;
  let start = -1;
  let hash = 0;
  const { length } = text;
  for (let index = 0; index <= length; index += 1) {
    const code = index < length ? text.charCodeAt(index) & 255 : 32;
    const kind = kinds[code]!;
    if (kind === word || kind === digit) {
      if (start < 0) {
        start = index;
        hash = 0;
      }
      hash = step(hash, code);
      continue;
    }
    if (start >= 0) {
      if (isKnown(hash)) return false;
      if (kinds[text.charCodeAt(start) & 255] === digit && tailIsKnown(text, start, index)) return false;
      start = -1;
    }
    if (kind === operator) {
      if (code === 45 && text.charCodeAt(index + 1) === 45) return false;
      operators = true;
    } else if (kind === at) variables = true;
    else if (code === 58 && text.charCodeAt(index + 1) === 58) operators = true; // "::" is PostgreSQL's cast
    else if (kind === 0) return false;
  }
  return !(operators && variables);
}
