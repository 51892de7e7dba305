import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/**
 * A test for overlayfs' opaque mark (extended attribute trusted.overlay.opaque = "y", or user.overlay.opaque of
 * rootless engines) on an open directory, through libc's fgetxattr: Node has no call for it. undefined where libc
 * can't be reached; layers are then read from the engine's export instead.
 */
export function opaqueTest(): ((descriptor: number) => boolean) | undefined {
  let fgetxattr: (fd: number, name: string, value: Buffer, size: number) => number | bigint;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    fgetxattr = koffi.load('libc.so.6').func('int64_t fgetxattr(int fd, const char *name, void *value, size_t size)') as typeof fgetxattr;
  } catch {
    return undefined;
  }
  const value = Buffer.alloc(16);
  const marked = (fd: number, name: string): boolean => Number(fgetxattr(fd, name, value, value.length)) === 1 && value[0] === 0x79;
  return (fd) => marked(fd, 'trusted.overlay.opaque') || marked(fd, 'user.overlay.opaque');
}
