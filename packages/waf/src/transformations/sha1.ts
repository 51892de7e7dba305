import { createHash } from 'node:crypto';
import { toBuffer } from '../bytes.ts';

/** Raw digest bytes; rules add hexEncode to read it. */
export function sha1(value: string): string {
  return createHash('sha1').update(toBuffer(value)).digest('binary');
}
