/** Values are latin1 ("binary") strings: one char code a byte, so that V8's regular expressions see bytes. */
export const fromUtf8 = (text: string): string => (/^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'));
export const toBuffer = (bytes: string): Buffer => Buffer.from(bytes, 'latin1');
export const toUtf8 = (bytes: string): string => (/^[\x00-\x7f]*$/.test(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8'));

/** A call of a regular expression costs more than a look at a few bytes. */
function lowerShort(value: string): string {
  let upper = false;
  for (let at = 0; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code >= 128) return value.replace(/[A-Z]+/g, (run) => run.toLowerCase());
    if (code >= 65 && code <= 90) upper = true;
  }
  return upper ? value.toLowerCase() : value;
}

/** Lower case of ASCII letters only; String.toLowerCase would also fold bytes above 127. */
export function lowerAscii(value: string): string {
  if (value.length <= 64) return lowerShort(value);
  if (!/[A-Z]/.test(value)) return value;
  return /[\x80-\xff]/.test(value) ? value.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : value.toLowerCase();
}

/** Upper case of ASCII letters only. */
export function upperAscii(value: string): string {
  return /[\x80-\xff]/.test(value) ? value.replace(/[a-z]+/g, (run) => run.toUpperCase()) : value.toUpperCase();
}

/** The value of one hexadecimal digit's char code, or -1. */
export function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

const isBlank = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);

/** C's atoi: the leading decimal integer of a string, else 0. */
export function leadingInteger(value: string): number {
  let at = 0;
  while (at < value.length && isBlank(value.charCodeAt(at))) at += 1;
  const sign = value.charCodeAt(at);
  if (sign === 45 || sign === 43) at += 1;
  let number = 0;
  for (; at < value.length; at += 1) {
    const digit = value.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) break;
    number = number * 10 + digit;
  }
  return sign === 45 && number !== 0 ? -number : number;
}
