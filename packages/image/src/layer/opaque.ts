import { createRequire } from 'node:module';
import type * as Koffi from 'koffi';

/** Which of these directories (relative paths) of a layer's directory hide what lies below them in lower layers. */
export type OpaqueTest = (directory: string, paths: readonly string[]) => string[];

/**
 * A test for overlayfs' opaque mark (extended attribute trusted.overlay.opaque = "y", or user.overlay.opaque of
 * rootless engines), through libc's lgetxattr: Node has no call for it. The kernel shows the trusted one to holders of
 * CAP_SYS_ADMIN alone, so it is not for the confined reader to ask. Nothing is opened. undefined where libc can't be
 * reached; layers are then read from the engine's export instead.
 */
export function opaqueTest(): OpaqueTest | undefined {
  let lgetxattr: (path: string, name: string, value: Buffer, size: number) => number | bigint;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof Koffi;
    lgetxattr = koffi.load('libc.so.6').func('int64_t lgetxattr(const char *path, const char *name, void *value, size_t size)') as typeof lgetxattr;
  } catch {
    return undefined;
  }
  const value = Buffer.alloc(16);
  const marked = (path: string, name: string): boolean => Number(lgetxattr(path, name, value, value.length)) === 1 && value[0] === 0x79;
  return (directory, paths) =>
    paths.filter((path) => {
      if (path.split('/').includes('..') || path.includes('\0')) return false;
      const place = `${directory}/${path}`;
      return marked(place, 'trusted.overlay.opaque') || marked(place, 'user.overlay.opaque');
    });
}
