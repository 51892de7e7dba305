import { toBuffer } from '../bytes.ts';

export function base64Encode(value: string): string {
  return toBuffer(value).toString('base64');
}
