import { createHash } from 'node:crypto';
import { toBuffer } from '../bytes.ts';

/** Raw digest bytes; rules add hexEncode to read it. */
export function md5(value: string): string {
  return createHash('md5').update(toBuffer(value)).digest('binary');
}
