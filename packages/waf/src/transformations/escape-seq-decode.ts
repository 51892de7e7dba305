import { hexDigit } from '../bytes.ts';

const letters: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, '?': 63, "'": 39, '"': 34 };

/** ANSI C escape sequences; an invalid one loses its backslash. */
export function escapeSeqDecode(value: string): string {
  if (!value.includes('\\')) return value;
  let out = '';
  for (let at = 0; at < value.length; ) {
    const next = value[at + 1];
    if (value[at] !== '\\' || next === undefined) {
      out += value[at];
      at += 1;
      continue;
    }
    const octal = /^[0-7]{1,3}/.exec(value.slice(at + 1, at + 4));
    if (letters[next] !== undefined) {
      out += String.fromCharCode(letters[next]);
      at += 2;
    } else if ((next === 'x' || next === 'X') && hexDigit(value.charCodeAt(at + 2)) >= 0 && hexDigit(value.charCodeAt(at + 3)) >= 0) {
      out += String.fromCharCode(Number.parseInt(value.slice(at + 2, at + 4), 16));
      at += 4;
    } else if (octal !== null) {
      out += String.fromCharCode(Number.parseInt(octal[0], 8) & 255);
      at += 1 + octal[0].length;
    } else {
      out += next;
      at += 2;
    }
  }
  return out;
}
