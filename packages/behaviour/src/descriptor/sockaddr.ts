import type { Endpoint } from '@palisade/syscall-rules/event';
import { addressText } from './address.ts';

export type SocketAddress = { readonly family: 'inet'; readonly endpoint: Endpoint; readonly v6: boolean } | { readonly family: 'unix'; readonly path: string };

/** A struct sockaddr as the caller gave it. Undefined for families nobody asks about, and for cut ones. */
export function parseSocketAddress(bytes: Buffer): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const family = bytes.readUInt16LE(0);
  if (family === 2 && bytes.length >= 8) return { family: 'inet', v6: false, endpoint: { ip: addressText(bytes, 4, false), port: bytes.readUInt16BE(2) } };
  if (family === 10 && bytes.length >= 24) return { family: 'inet', v6: true, endpoint: { ip: addressText(bytes, 8, true), port: bytes.readUInt16BE(2) } };
  if (family !== 1) return undefined;
  // An abstract name begins with a NUL, which is shown as "@", as ss and netstat do.
  if (bytes[2] === 0 && bytes.length > 3) return { family: 'unix', path: `@${bytes.toString('utf8', 3).replaceAll('\0', '@')}` };
  const end = bytes.indexOf(0, 2);
  return { family: 'unix', path: bytes.toString('utf8', 2, end < 0 ? bytes.length : end) };
}
