import { toBuffer } from '../bytes.ts';

export function hexEncode(value: string): string {
  return toBuffer(value).toString('hex');
}
