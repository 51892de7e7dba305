import { fstatSync, statfsSync } from 'node:fs';

/** File systems whose kernel keeps a file's change time: others (network, FUSE) take a server's word. statfs(2). */
const local: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0x01021994, 0x794c7630]);

/** Two writes within one tick of the kernel's clock leave one change time; a file that rests longer was not written since. */
const restMs = 2000;

/**
 * Names the bytes of an open file by what the kernel knows of it: device, inode, size, times. Any write changes the change
 * time, and no call sets it. undefined where that isn't enough: not a regular file, written a moment ago, no local file
 * system. Who keeps a file mapped for writing on this very machine can change pages that are already dirty unseen.
 */
export function settledFile(fd: number, now = Date.now()): string | undefined {
  const stat = fstatSync(fd, { bigint: true });
  if (!stat.isFile()) return undefined;
  const rested = now - Number(stat.ctimeNs / 1_000_000n);
  if (rested < restMs || !local.has(statfsSync(`/proc/self/fd/${fd}`).type)) return undefined;
  return [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs, stat.birthtimeNs].join(' ');
}
