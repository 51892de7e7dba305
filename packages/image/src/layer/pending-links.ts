import type { FileStat } from '../analyzer.ts';
import { cleanPath } from '../path.ts';
import type { Collector } from './collector.ts';

/** Wanted hard links of a layer, waiting for the file they point to: it may stand before or after them. */
export type PendingLinks = {
  /** The paths they point to. */
  readonly targets: readonly string[];
  /** The links that this entry answers, each as the file it stands for. */
  take(stat: Pick<FileStat, 'path' | 'type' | 'size'>): FileStat[];
  /** What is left points nowhere in this layer, and is reported. */
  close(): void;
};

/** Reports links that leave the archive at once. */
export function pendingLinks(collector: Collector): PendingLinks {
  const open = new Map<string, FileStat[]>();
  for (const [target, stats] of collector.links) {
    const path = cleanPath(target);
    if (path === undefined) collector.gap('link-outside', stats[0]?.path ?? target, 'a hard link points outside of its archive');
    else open.set(path, [...(open.get(path) ?? []), ...stats]);
  }
  return {
    targets: [...open.keys()],
    take(stat) {
      if (stat.type !== 'file') return [];
      const found = open.get(stat.path) ?? [];
      open.delete(stat.path);
      return found.map((link) => ({ ...link, type: 'file' as const, size: stat.size }));
    },
    close() {
      for (const stats of open.values()) {
        for (const link of stats) collector.gap('link-dangling', link.path, 'a hard link to a file that its layer does not hold');
      }
    },
  };
}
