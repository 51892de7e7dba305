import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Evidence } from '@palisade/model/evidence';
import { evidenceLimits } from '@palisade/model/evidence';
import { messageOf } from '@palisade/model/error';
import { socketsOf } from './sockets.ts';

export type CollectedFile = { readonly name: string; readonly bytes: Buffer; readonly cut: boolean };
export type Collected = { readonly files: readonly CollectedFile[]; readonly missing: Evidence['missing'] };

export type CollectOptions = {
  readonly procRoot: string;
  readonly process: { readonly pid: number; readonly start: number } | undefined;
  /** Full id; its other processes are listed. */
  readonly container: string | undefined;
  /** Texts that others know: the detection, the recorder's events, the engine's description. */
  readonly known: Readonly<Record<string, unknown>>;
};

/** What one small file of /proc may hold, descriptors and processes listed, and clock ticks of a start that still match. */
const limits = { text: 1 << 20, descriptors: 4096, processes: 2000 } as const;
const tick = 10_000_000;

/**
 * Reads what /proc still tells of a process and of its container. The executable is opened first: it stays readable
 * when the process ends meanwhile. Values of environment variables are left out: they are the workload's secrets, and
 * who reads evidence need not know them.
 */
export function collectFiles(options: CollectOptions): Collected {
  const files: CollectedFile[] = [];
  const missing: { name: string; reason: string }[] = [];
  let left: number = evidenceLimits.all;
  const add = (name: string, read: () => { bytes: Buffer; cut: boolean }): void => {
    try {
      const { bytes, cut } = read();
      const fits = bytes.subarray(0, left);
      left -= fits.length;
      files.push({ name, bytes: fits, cut: cut || fits.length < bytes.length });
    } catch (error) {
      missing.push({ name, reason: messageOf(error).slice(0, 500) });
    }
  };
  const text = (value: unknown): { bytes: Buffer; cut: boolean } => bounded(Buffer.from(typeof value === 'string' ? value : `${JSON.stringify(value, null, 1)}\n`), limits.text * 8);
  const { process, container, procRoot } = options;
  if (process !== undefined) {
    const folder = path.join(procRoot, String(process.pid));
    const started = startOf(folder);
    if (started === undefined || Math.abs(started - process.start) > 2 * tick) missing.push({ name: 'process', reason: started === undefined ? 'it had ended' : 'its pid belongs to another process now' });
    else {
      add('executable.bin', () => readBounded(path.join(folder, 'exe'), evidenceLimits.file));
      for (const name of ['cmdline', 'status', 'maps', 'mountinfo', 'cgroup', 'limits']) add(`${name}.txt`, () => readBounded(path.join(folder, name), limits.text, name === 'cmdline'));
      add('environment-names.txt', () => text(`${readBounded(path.join(folder, 'environ'), limits.text).bytes.toString('utf8').split('\0').map((one) => one.split('=')[0]).filter((name) => name !== '').join('\n')}\n`));
      add('descriptors.json', () => text(descriptors(folder)));
      add('sockets.json', () => text(socketsOf(folder)));
    }
  }
  if (container !== undefined) add('processes.json', () => text(processesOf(procRoot, container)));
  for (const [name, value] of Object.entries(options.known)) if (value !== undefined) add(name, () => text(value));
  return { files, missing };
}

export const sha256Of = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

function bounded(bytes: Buffer, most: number): { bytes: Buffer; cut: boolean } {
  return bytes.length <= most ? { bytes, cut: false } : { bytes: bytes.subarray(0, most), cut: true };
}

/** A file up to `most` bytes; files of /proc say size 0, so it is read until it ends. */
function readBounded(file: string, most: number, words = false): { bytes: Buffer; cut: boolean } {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Error('not a regular file');
    const parts: Buffer[] = [];
    let size = 0;
    for (;;) {
      const part = Buffer.alloc(Math.min(1 << 20, most + 1 - size));
      const got = part.length === 0 ? 0 : readSync(fd, part, 0, part.length, null);
      if (got === 0) break;
      parts.push(part.subarray(0, got));
      size += got;
    }
    const all = Buffer.concat(parts);
    return bounded(words ? Buffer.from(all.toString('latin1').replaceAll('\0', ' '), 'latin1') : all, most);
  } finally {
    closeSync(fd);
  }
}

function startOf(folder: string): number | undefined {
  try {
    const stat = readFileSync(path.join(folder, 'stat'), 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]) * tick;
  } catch {
    return undefined; // it has ended: said by the caller
  }
}

function descriptors(folder: string): { fd: number; target: string }[] {
  return readdirSync(path.join(folder, 'fd')).slice(0, limits.descriptors).map((fd) => ({ fd: Number(fd), target: linkOf(path.join(folder, 'fd', fd)) }));
}

/** Processes of a container: those in a cgroup with its id. */
function processesOf(root: string, container: string): unknown[] {
  const found: unknown[] = [];
  for (const name of readdirSync(root)) {
    if (!/^\d+$/.test(name) || found.length >= limits.processes) continue;
    const folder = path.join(root, name);
    try {
      if (!readFileSync(path.join(folder, 'cgroup'), 'utf8').includes(container)) continue;
      const status = readFileSync(path.join(folder, 'status'), 'utf8');
      const field = (key: string): string => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
      found.push({ pid: Number(name), parent: Number(field('PPid')), name: field('Name'), state: field('State'), users: field('Uid').split('\t').map(Number), executable: linkOf(path.join(folder, 'exe')), command: readBounded(path.join(folder, 'cmdline'), 8192, true).bytes.toString('utf8').trim() });
    } catch {
      // Ended while it was looked at: no longer one of the container's processes.
    }
  }
  return found;
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch (error) {
    return `(${messageOf(error)})`;
  }
}
