import { hexDigit } from '../bytes.ts';

const letters: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** JavaScript string escapes: \uHHHH (low byte, full-width ASCII folded), \xHH, octal and the letters. */
export function jsDecode(value: string): string {
  if (!value.includes('\\')) return value;
  let out = '';
  for (let at = 0; at < value.length; ) {
    const next = value[at + 1];
    if (value[at] !== '\\' || next === undefined) {
      if (value[at] !== '\\' || at + 1 < value.length) out += value[at];
      else out += value[at];
      at += 1;
      continue;
    }
    const digits = (count: number): boolean => {
      for (let index = 0; index < count; index += 1) if (hexDigit(value.charCodeAt(at + 2 + index)) < 0) return false;
      return at + 2 + count <= value.length;
    };
    if (next === 'u' && digits(4)) {
      const code = Number.parseInt(value.slice(at + 2, at + 6), 16);
      const low = code & 255;
      out += String.fromCharCode(code >> 8 === 0xff && low > 0 && low < 0x5f ? low + 0x20 : low);
      at += 6;
    } else if (next === 'x' && digits(2)) {
      out += String.fromCharCode(Number.parseInt(value.slice(at + 2, at + 4), 16));
      at += 4;
    } else if (next >= '0' && next <= '7') {
      let octal = /^[0-7]{1,3}/.exec(value.slice(at + 1, at + 4))![0];
      if (octal.length === 3 && octal > '377') octal = octal.slice(0, 2);
      out += String.fromCharCode(Number.parseInt(octal, 8));
      at += 1 + octal.length;
    } else {
      out += letters[next] === undefined ? next : String.fromCharCode(letters[next]);
      at += 2;
    }
  }
  return out;
}
