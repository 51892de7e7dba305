import { hexDigit } from '../bytes.ts';

/** urlDecode that knows IIS's %uHHHH: the mapped byte where a unicode map is loaded, else the low byte, full-width ASCII folded. */
export function urlDecodeUni(value: string, unicodeMap?: ReadonlyMap<number, number>): string {
  if (!/[%+]/.test(value)) return value;
  let out = '';
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at]!;
    if (char === '%') {
      const mark = value[at + 1];
      if ((mark === 'u' || mark === 'U') && /^[0-9a-fA-F]{4}$/.test(value.slice(at + 2, at + 6))) {
        const code = Number.parseInt(value.slice(at + 2, at + 6), 16);
        const low = code & 255;
        out += String.fromCharCode(unicodeMap?.get(code) ?? (code >> 8 === 0xff && low > 0 && low < 0x5f ? low + 0x20 : low));
        at += 5;
        continue;
      }
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
