import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { messageOf } from '@palisade/model/error';
import type { Analyzer, FileStat } from '../analyzer.ts';
import { fileContent } from '../content.ts';
import { limits } from '../limits.ts';
import type { Collector } from './collector.ts';
import { createCollector } from './collector.ts';
import type { LayerFacts } from './layer-facts.ts';

export type DirectoryOptions = {
  readonly signal: AbortSignal;
  /** An overlay2 layer: character device 0/0 is a whiteout; of all its directories `opaque` names those that hide what is below. */
  readonly overlay?: { opaque(paths: readonly string[]): readonly string[] };
  /** Absolute paths not to descend into (pseudo file systems, containers' own mounts), with the reason. */
  readonly skip?: ReadonlyMap<string, string>;
};

/** The kernel takes paths up to 4096 bytes, the layer's own included. */
const longestAsked = 1000;

/**
 * Reads a directory tree in place. Never leaves it: each directory is opened without following links, and its
 * children are reached through its descriptor (/proc/self/fd), so that a path swapped for a link meanwhile leads
 * nowhere. Only regular files are opened, never devices, fifos or sockets.
 */
export async function analyseDirectory(root: string, analyzers: readonly Analyzer[], options: DirectoryOptions): Promise<LayerFacts> {
  const collector = createCollector(analyzers, options.signal, false);
  const directories: string[] = [];
  await descend(root, root, '', 0, collector, options, directories);
  for (const path of directories.length === 0 ? [] : (options.overlay?.opaque(directories) ?? [])) collector.opaque(path);
  return collector.finish();
}

async function descend(reach: string, real: string, path: string, depth: number, collector: Collector, options: DirectoryOptions, directories: string[]): Promise<void> {
  const reason = options.skip?.get(real);
  if (reason !== undefined) {
    collector.gap('mount-skipped', real, reason);
    return;
  }
  if (depth > limits.pathDepth) {
    collector.gap('limit-depth', path, `deeper than ${limits.pathDepth} directories`);
    return;
  }
  let fd: number;
  try {
    fd = openSync(reach, constants.O_RDONLY | constants.O_DIRECTORY | (depth === 0 ? 0 : constants.O_NOFOLLOW));
  } catch (error) {
    if (depth === 0) throw error;
    collector.gap('directory-unreadable', path, messageOf(error));
    return;
  }
  try {
    const here = `/proc/self/fd/${fd}`;
    if (options.overlay !== undefined && path.length > longestAsked) collector.gap('limit-path-length', path.slice(0, 200), `longer than ${longestAsked}: whether it hides what lies below is not known`);
    else if (options.overlay !== undefined && path !== '') directories.push(path);
    let entries: Dirent[];
    try {
      entries = readdirSync(here, { withFileTypes: true });
    } catch (error) {
      collector.gap('directory-unreadable', path === '' ? '/' : path, messageOf(error));
      return;
    }
    for (const entry of entries) {
      const child = path === '' ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) await descend(`${here}/${entry.name}`, real === '/' ? `/${entry.name}` : `${real}/${entry.name}`, child, depth + 1, collector, options, directories);
      else await leaf(`${here}/${entry.name}`, child, collector, options);
    }
  } finally {
    closeSync(fd);
  }
}

async function leaf(reach: string, path: string, collector: Collector, options: DirectoryOptions): Promise<void> {
  let stats: Stats;
  try {
    stats = lstatSync(reach);
  } catch (error) {
    // A file that went away between listing and looking is no gap: a live file system moves.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') collector.gap('file-unreadable', path, messageOf(error));
    return;
  }
  if (options.overlay !== undefined && stats.isCharacterDevice() && stats.rdev === 0) {
    collector.whiteout(path);
    return;
  }
  const stat = describe(path, stats, reach);
  if (stat === undefined || !collector.note(stat)) return;
  let fd: number;
  try {
    fd = openSync(reach, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    collector.gap('file-unreadable', path, messageOf(error));
    return;
  }
  const now = fstatSync(fd);
  const content = fileContent(fd, 0, now.size, true);
  try {
    if (now.isFile()) await collector.read({ ...stat, size: now.size }, content);
  } finally {
    content.close();
  }
}

function describe(path: string, stats: Stats, reach: string): FileStat | undefined {
  const type = typeOf(stats);
  if (type === undefined) return undefined;
  const stat = { path, type, size: type === 'file' ? stats.size : 0, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, mtime: Math.floor(stats.mtimeMs / 1000) };
  return type === 'symlink' ? { ...stat, target: readlinkSync(reach) } : stat;
}

function typeOf(stats: Stats): FileStat['type'] | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  if (stats.isFIFO()) return 'fifo';
  return undefined;
}
