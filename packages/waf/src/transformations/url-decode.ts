import { hexDigit } from '../bytes.ts';

/** Percent decoding; "+" is a space, an invalid escape stays as it is. */
export function urlDecode(value: string): string {
  if (!/[%+]/.test(value)) return value;
  let out = '';
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at]!;
    if (char === '%') {
      const high = hexDigit(value.charCodeAt(at + 1));
      const low = hexDigit(value.charCodeAt(at + 2));
      if (high >= 0 && low >= 0) {
        out += String.fromCharCode((high << 4) | low);
        at += 2;
        continue;
      }
    }
    out += char === '+' ? ' ' : char;
  }
  return out;
}
