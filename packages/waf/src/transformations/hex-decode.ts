import { hexDigit } from '../bytes.ts';

/** Pairs of hex digits; an odd last digit is dropped. */
export function hexDecode(value: string): string {
  let out = '';
  for (let at = 0; at + 1 < value.length; at += 2) {
    out += String.fromCharCode(((hexDigit(value.charCodeAt(at)) << 4) | hexDigit(value.charCodeAt(at + 1))) & 255);
  }
  return out;
}
