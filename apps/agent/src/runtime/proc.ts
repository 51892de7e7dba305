import { closeSync, constants, fstatSync, openSync, readSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { SeenProcess } from '@palisade/behaviour/process/tree';
import { processStart } from '../sensor/process-start.ts';

/** Names come from files of strangers' images: a larger passwd than this is not read. */
const maxFile = 1 << 20;

/** Clock ticks of /proc are hundredths of a second: a start within two of them is the same process. */
const tick = 10_000_000;

/** What a host's /proc tells, mounted at `root`. Reads fail when the process has ended: then nothing is known. */
export function createProc(root: string) {
  return {
    /** A process whose start was not seen; undefined when it has ended or its pid now belongs to another. */
    inspect(pid: number, start: number): SeenProcess | undefined {
      const folder = path.join(root, String(pid));
      const started = processStart(pid, root);
      if (started === undefined || (start !== 0 && Math.abs(started - start) > 2 * tick)) return undefined;
      return { argv: text(path.join(folder, 'cmdline')), exepath: link(path.join(folder, 'exe')), cwd: link(path.join(folder, 'cwd')) };
    },
    alive: (pid: number): boolean => processStart(pid, root) !== undefined,
    /** A file below the root directory that a process sees. */
    fileOf(pid: number, file: string): string | undefined {
      return readSmall(path.join(root, String(pid), 'root', file));
    },
  };
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined; // ended, or not ours to read: unknown, which the tree counts
  }
}

function link(file: string): string | undefined {
  try {
    return readlinkSync(file).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
}

/** A container's file may be a link, a pipe or a device made to hang its reader: only regular files, only their beginning. */
export function readSmall(file: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch {
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return undefined;
    const bytes = Buffer.alloc(Math.min(stat.size, maxFile));
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}
