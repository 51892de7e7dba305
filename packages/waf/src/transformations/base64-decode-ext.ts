/** Forgiving base64: characters outside the alphabet are skipped. */
export function base64DecodeExt(value: string): string {
  const end = value.search(/=/);
  return Buffer.from((end < 0 ? value : value.slice(0, end)).replace(/[^A-Za-z0-9+/]/g, ''), 'base64').toString('latin1');
}
