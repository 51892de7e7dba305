import { hexDigit } from '../bytes.ts';

/** CSS escapes: a backslash with one to six hex digits, a line continuation, or a literal character. */
export function cssDecode(value: string): string {
  if (!value.includes('\\')) return value;
  let out = '';
  for (let at = 0; at < value.length; ) {
    if (value[at] !== '\\') {
      out += value[at];
      at += 1;
      continue;
    }
    at += 1;
    if (at >= value.length) break;
    let digits = 0;
    while (digits < 6 && hexDigit(value.charCodeAt(at + digits)) >= 0) digits += 1;
    if (digits === 0) {
      if (value[at] !== '\n') out += value[at];
      at += 1;
      continue;
    }
    const code = Number.parseInt(value.slice(at, at + digits), 16);
    const low = code & 0xff;
    // Full-width forms of ASCII (U+FF01 to U+FF5E) read as the ASCII character.
    const fullWidth = digits >= 4 && low > 0 && low < 0x5f && (code & 0xffff) >> 8 === 0xff && (digits === 4 || value.slice(at, at + digits - 4).replace(/^0+/, '') === '');
    out += String.fromCharCode(fullWidth ? low + 0x20 : low);
    at += digits;
    if (/[\t-\r ]/.test(value[at] ?? '')) at += 1;
  }
  return out;
}
