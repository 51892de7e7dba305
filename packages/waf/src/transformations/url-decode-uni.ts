import { decodePercent } from './percent.ts';

const fullWidth = (code: number): number => {
  const low = code & 255;
  return code >> 8 === 0xff && low > 0 && low < 0x5f ? low + 0x20 : low;
};

/** urlDecode that knows IIS's %uHHHH: the mapped byte where a unicode map is loaded, else the low byte, full-width ASCII folded. */
export function urlDecodeUni(value: string, unicodeMap?: ReadonlyMap<number, number>): string {
  if (!value.includes('%') && !value.includes('+')) return value;
  return decodePercent(value, unicodeMap === undefined ? fullWidth : (code) => unicodeMap.get(code) ?? fullWidth(code));
}
