import { hexDigit } from '../bytes.ts';

// Values are decoded one after the other, so one place to decode into is enough; long ones get their own.
const room = Buffer.alloc(4096);

/** The byte that %uHHHH stands for. */
export type UnicodeByte = (code: number) => number;

/** Decodes %HH and "+", and %uHHHH where `unicode` says what that means; an invalid escape stays as it is. */
export function decodePercent(value: string, unicode?: UnicodeByte): string {
  const { length } = value;
  const out = length <= room.length ? room : Buffer.allocUnsafe(length);
  let size = 0;
  for (let at = 0; at < length; at += 1) {
    let code = value.charCodeAt(at);
    if (code === 43) code = 32;
    else if (code === 37) {
      const next = value.charCodeAt(at + 1);
      const high = hexDigit(next);
      if (high >= 0) {
        const low = hexDigit(value.charCodeAt(at + 2));
        if (low >= 0) {
          code = (high << 4) | low;
          at += 2;
        }
      } else if (unicode !== undefined && (next | 32) === 117) {
        const digits = [2, 3, 4, 5].map((place) => hexDigit(value.charCodeAt(at + place)));
        if (digits.every((digit) => digit >= 0)) {
          code = unicode(digits.reduce((sum, digit) => sum * 16 + digit, 0));
          at += 5;
        }
      }
    }
    out[size] = code;
    size += 1;
  }
  return out.toString('latin1', 0, size);
}
