import { hash } from 'node:crypto';
import { toBuffer } from '../bytes.ts';

/** Raw digest bytes; rules add hexEncode to read it. */
export function md5(value: string): string {
  return hash('md5', toBuffer(value), 'binary');
}
