import { toBuffer } from '../bytes.ts';

/** Strict base64: a character outside the alphabet ends the decoding there. */
export function base64Decode(value: string): string {
  const clean = /^(?:[A-Za-z0-9+/]|\r?\n)*={0,2}/.exec(value)?.[0] ?? '';
  return toBuffer(clean.replace(/[\r\n]/g, '')).length === 0 ? '' : Buffer.from(clean, 'base64').toString('latin1');
}
