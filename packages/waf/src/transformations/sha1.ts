import { hash } from 'node:crypto';
import { toBuffer } from '../bytes.ts';

/** Raw digest bytes; rules add hexEncode to read it. */
export function sha1(value: string): string {
  return hash('sha1', toBuffer(value), 'binary');
}
