const ones = (byte: number): number => byte.toString(2).replaceAll('0', '').length;
const map = (even: boolean) => (value: string): string => value.replace(/[^]/g, (char) => {
  const byte = char.charCodeAt(0) & 127;
  return String.fromCharCode((ones(byte) % 2 === 0) === even ? byte : byte | 128);
});

export const parityEven7bit = map(true);
export const parityOdd7bit = map(false);
