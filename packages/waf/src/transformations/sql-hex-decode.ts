/** MySQL's 0x notation becomes the bytes it stands for. */
export function sqlHexDecode(value: string): string {
  return value.replace(/0[xX]((?:[0-9a-fA-F]{2})+)/g, (_, digits: string) => Buffer.from(digits, 'hex').toString('latin1'));
}
