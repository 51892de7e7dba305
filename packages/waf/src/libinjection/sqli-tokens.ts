import { upperAscii } from '../bytes.ts';
import tables from './tables.json' with { type: 'json' };

/** One SQL token: a type letter as in fingerprints, its text, and how strings open and close. */
export type Token = { type: string; text: string; open: string; close: string; count: number };
export type Quoting = '' | "'" | '"';
export type Scan = { readonly text: string; readonly mysql: boolean; at: number; ddx: number; ddw: number; comment: boolean; hash: number; /** Tokens read so far. */ count: number };

const keywords: ReadonlyMap<string, string> = new Map(Object.entries(tables.keywords));
// Most words are no keywords: a map of bits says so without making an upper-case copy. A false hit costs only that.
const mask = 0x1ffff;
const hashed = new Uint32Array((mask + 1) >> 5);
let longest = 0;
function hashOf(word: string): number {
  let hash = 0;
  for (let at = 0; at < word.length; at += 1) hash = (Math.imul(hash, 31) + (word.charCodeAt(at) & 0xdf)) | 0;
  return hash & mask;
}
for (const word of keywords.keys()) {
  hashed[hashOf(word) >> 5]! |= 1 << (hashOf(word) & 31);
  longest = Math.max(longest, word.length);
}

/** Type of a keyword in any case, or undefined. */
export function lookup(word: string): string | undefined {
  if (word.length > longest) return undefined;
  const hash = hashOf(word);
  return (hashed[hash >> 5]! & (1 << (hash & 31))) === 0 ? undefined : keywords.get(upperAscii(word));
}
export const token = (type: string, text: string): Token => ({ type, text: text.slice(0, 31), open: '', close: '', count: 0 });

const white = (char: string | undefined): boolean => char !== undefined && ' \t\n\v\f\r\0\xa0'.includes(char);
const setOf = (chars: string): Uint8Array => {
  const set = new Uint8Array(256);
  for (let at = 0; at < chars.length; at += 1) set[chars.charCodeAt(at)] = 1;
  return set;
};
const until = (text: string, from: number, stop: Uint8Array): number => {
  let at = from;
  while (at < text.length && stop[text.charCodeAt(at) & 255] === 0) at += 1;
  return at;
};
const over = (text: string, from: number, accept: Uint8Array): number => {
  let at = from;
  while (at < text.length && accept[text.charCodeAt(at) & 255] === 1) at += 1;
  return at;
};
const wordEnd = ' []{}<>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r"\xa0\0';
const wordEnds = setOf(wordEnd);
const variableEnds = setOf(' <>:\\?=@!#~+-*/&|^%(),\';\t\n\v\f\r\'`"');
const decimal = setOf('0123456789');
const amount = setOf('0123456789.,');
const letters = setOf('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ');
const binary = setOf('01');
const hexadecimal = setOf('0123456789ABCDEFabcdef');

/** Reads up to a closing quote, honouring backslashes and doubled quotes; sets the next position. */
function quoted(scan: Scan, from: number, quote: string, open: string): Token {
  const { text } = scan;
  let end = text.indexOf(quote, from);
  for (;;) {
    if (end < 0) {
      scan.at = text.length;
      return { ...token('s', text.slice(from)), open, close: '' };
    }
    let slashes = 0;
    while (end - 1 - slashes >= from && text[end - 1 - slashes] === '\\') slashes += 1;
    if (slashes % 2 === 1) end = text.indexOf(quote, end + 1);
    else if (text[end + 1] === quote) end = text.indexOf(quote, end + 2);
    else break;
  }
  scan.at = end + 1;
  return { ...token('s', text.slice(from, end)), open, close: quote };
}
export const openString = (scan: Scan, quote: string): Token => quoted(scan, 0, quote, '');

function lineComment(scan: Scan): Token {
  const end = scan.text.indexOf('\n', scan.at);
  const start = scan.at;
  scan.at = end < 0 ? scan.text.length : end + 1;
  return token('c', scan.text.slice(start, end < 0 ? undefined : end));
}

function dash(scan: Scan): Token {
  const { text, at } = scan;
  if (text[at + 1] === '-' && (at + 2 === text.length || white(text[at + 2]))) return lineComment(scan);
  if (text[at + 1] === '-' && !scan.mysql) {
    scan.ddx += 1;
    return lineComment(scan);
  }
  scan.at += 1;
  return token('o', '-');
}

function slash(scan: Scan): Token {
  const { text, at } = scan;
  if (text[at + 1] !== '*') {
    scan.at += 1;
    return token('o', '/');
  }
  const end = text.indexOf('*/', at + 2);
  const whole = text.slice(at, end < 0 ? undefined : end + 2);
  scan.at += whole.length;
  scan.comment = true;
  // The * of the closing mark may belong to a nested opening one: /*/*/.
  const inner = end < 0 ? text.slice(at + 2) : text.slice(at + 2, end + 1);
  // Nested comments and MySQL's conditional ones run as code: no benign text holds them.
  return token((end >= 0 && inner.includes('/*')) || text[at + 2] === '!' ? 'X' : 'c', whole);
}

function operator(scan: Scan): Token {
  const { text, at } = scan;
  if (text.startsWith('<=>', at)) {
    scan.at += 3;
    return token('o', '<=>');
  }
  const two = text.slice(at, at + 2);
  const type = two.length === 2 ? lookup(two) : undefined;
  scan.at += type === undefined ? 1 : 2;
  if (type !== undefined) return token(type, two);
  return token(text[at] === ':' ? ':' : 'o', text[at]!);
}

function backslash(scan: Scan): Token {
  if (scan.text[scan.at + 1] === 'N') {
    scan.at += 2;
    return token('1', '\\N');
  }
  scan.at += 1;
  return token('\\', '\\');
}

function variable(scan: Scan): Token {
  const { text } = scan;
  let at = scan.at + 1;
  const count = text[at] === '@' ? 2 : 1;
  if (count === 2) at += 1;
  const quote = text[at];
  if (quote === '`' || quote === "'" || quote === '"') {
    scan.at = at;
    const inner = quoted(scan, at + 1, quote, quote);
    return { ...inner, type: 'v', count };
  }
  const end = until(text, at, variableEnds);
  scan.at = end;
  return { ...token('v', text.slice(at, end)), count };
}

function money(scan: Scan): Token {
  const { text, at } = scan;
  const digits = over(text, at + 1, amount);
  if (at + 1 >= text.length) {
    scan.at = text.length;
    return token('n', '$');
  }
  if (digits > at + 1) {
    if (digits === at + 2 && text[at + 1] === '.') return word(scan);
    scan.at = digits;
    return token('1', text.slice(at, digits));
  }
  const lettersEnd = over(text, at + 1, letters);
  if (text[at + 1] === '$' || text[lettersEnd] === '$') {
    const mark = text.slice(at, text[at + 1] === '$' ? at + 2 : lettersEnd + 1);
    const end = text.indexOf(mark, at + mark.length);
    scan.at = end < 0 ? text.length : end + mark.length;
    return { ...token('s', text.slice(at + mark.length, end < 0 ? undefined : end)), open: '$', close: end < 0 ? '' : '$' };
  }
  scan.at += 1;
  return token('n', '$');
}

function number(scan: Scan): Token {
  const { text } = scan;
  const start = scan.at;
  if (text[start] === '0' && 'xXbB'.includes(text[start + 1] ?? ' ')) {
    const sets = /[xX]/.test(text[start + 1]!) ? hexadecimal : binary;
    const end = over(text, start + 2, sets);
    scan.at = end;
    if (end === start + 2) return token('n', text.slice(start, end));
    return token('1', text.slice(start, end));
  }
  let at = over(text, start, decimal);
  if (text[at] === '.') {
    at = over(text, at + 1, decimal);
    if (at - start === 1) {
      scan.at = at;
      return token('.', '.');
    }
  }
  if (text[at] === 'e' || text[at] === 'E') {
    const sign = /^[eE][+-]?\d*/.exec(text.slice(at))![0];
    const has = /\d$/.test(sign);
    at += sign.length;
    if (!has) {
      scan.at = at;
      return token('n', text.slice(start, at));
    }
  }
  // Oracle's float and double suffixes count only where the number really ends.
  if (/[dDfF]/.test(text[at] ?? '') && (at + 1 === text.length || white(text[at + 1]) || text[at + 1] === ';' || text[at + 1] === 'u' || text[at + 1] === 'U')) at += 1;
  scan.at = at;
  return token('1', text.slice(start, at));
}

function word(scan: Scan): Token {
  const { text } = scan;
  const start = scan.at;
  const end = until(text, start, wordEnds);
  const whole = text.slice(start, end);
  for (let at = 0; at < whole.length; at += 1) {
    if (whole[at] === '.' || whole[at] === '`') {
      const type = lookup(whole.slice(0, at));
      if (type !== undefined && type !== 'n') {
        scan.at = start + at;
        return token(type, whole.slice(0, at));
      }
    }
  }
  scan.at = Math.max(end, start + 1);
  const text31 = text.slice(start, scan.at);
  return token(text31.length < 32 ? (lookup(text31) ?? 'n') : 'n', text31);
}

/** Strings with a letter before the quote: b'01', x'ff', n'..', e'..', u&'..', and Oracle's q'[..]'. */
function prefixed(scan: Scan): Token {
  const { text, at } = scan;
  const letter = text[at]!.toLowerCase();
  const next = text[at + 1];
  if ((letter === 'b' || letter === 'x') && next === "'") {
    const end = over(text, at + 2, letter === 'b' ? binary : hexadecimal);
    if (text[end] === "'") {
      scan.at = end + 1;
      return token('1', text.slice(at, end + 1));
    }
    return word(scan);
  }
  if (letter === 'e' && next === "'" && at + 2 < text.length) return quoted(scan, at + 2, "'", "'");
  if (letter === 'u' && next === '&' && text[at + 2] === "'") {
    const found = quoted(scan, at + 3, "'", 'u');
    return found.close === '' ? found : { ...found, close: 'u' };
  }
  const q = letter === 'n' && (next === 'q' || next === 'Q') ? at + 1 : letter === 'q' ? at : -1;
  if (q >= 0 && text[q + 1] === "'" && q + 2 < text.length && text.charCodeAt(q + 2) >= 33) {
    const mark = text[q + 2]!;
    const close = { '(': ')', '[': ']', '{': '}', '<': '>' }[mark] ?? mark;
    const end = text.indexOf(`${close}'`, q + 3);
    scan.at = end < 0 ? text.length : end + 2;
    return { ...token('s', text.slice(q + 3, end < 0 ? undefined : end)), open: 'q', close: end < 0 ? '' : 'q' };
  }
  if (letter === 'n' && next === "'" && at + 2 < text.length) return quoted(scan, at + 2, "'", "'");
  return word(scan);
}

/** The next token, or undefined at the end. */
export function nextToken(scan: Scan): Token | undefined {
  const { text } = scan;
  while (scan.at < text.length) {
    const char = text[scan.at]!;
    const code = text.charCodeAt(scan.at);
    if (code <= 32 || code === 127 || code === 0xa0) {
      scan.at += 1;
      continue;
    }
    if (char === "'" || char === '"') return quoted(scan, scan.at + 1, char, char);
    if (char === '`') {
      const found = quoted(scan, scan.at + 1, '`', '`');
      return { ...found, type: lookup(found.text) === 'f' ? 'f' : 'n' };
    }
    if (char >= '0' && char <= '9') return number(scan);
    if (char === '.') return number(scan);
    if (char === '-') return dash(scan);
    if (char === '/') return slash(scan);
    if (char === '#') {
      scan.hash += 1;
      if (scan.mysql) return lineComment(scan);
      scan.at += 1;
      return token('o', '#');
    }
    if (char === '@') return variable(scan);
    if (char === '$') return money(scan);
    if (char === '\\') return backslash(scan);
    if ('!&|<>=:*'.includes(char)) return operator(scan);
    if ('%+~^'.includes(char)) {
      scan.at += 1;
      return token('o', char);
    }
    if ('(){},;'.includes(char)) {
      scan.at += 1;
      return token(char, char);
    }
    if (char === '?' || char === ']') {
      scan.at += 1;
      return token('?', char);
    }
    if (char === '[') {
      const end = text.indexOf(']', scan.at);
      const from = scan.at;
      scan.at = end < 0 ? text.length : end + 1;
      return token('n', text.slice(from, scan.at));
    }
    if ('bBxXeEuUqQnN'.includes(char)) return prefixed(scan);
    if (wordEnd.includes(char)) {
      scan.at += 1;
      continue;
    }
    return word(scan);
  }
  return undefined;
}
