export function parityZero7bit(value: string): string {
  return value.replace(/[\x80-\xff]/g, (char) => String.fromCharCode(char.charCodeAt(0) & 127));
}
