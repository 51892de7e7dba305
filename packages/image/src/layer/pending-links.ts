import type { Analyzer, FileStat } from '../analyzer.ts';
import { limits } from '../limits.ts';
import { cleanPath } from '../path.ts';
import type { Collector } from './collector.ts';

/** A hard link as the file it stands for, and the analyzers that have yet to read it. */
export type PendingLink = { readonly stat: FileStat; readonly by: readonly Analyzer[] };

/**
 * What a layer's hard links still need once all of it was noted, by the path that holds their content; `sizeOf` knows the
 * files of the layer. A link that points nowhere in it is reported.
 */
export function pendingLinks(collector: Collector, sizeOf: (path: string) => number | undefined): Map<string, PendingLink[]> {
  const pending = new Map<string, PendingLink[]>();
  for (const [target, stats] of collector.links) {
    const path = cleanPath(target);
    const size = path === undefined ? undefined : sizeOf(path);
    for (const stat of stats) {
      if (path === undefined || size === undefined) {
        if (!collector.mayWant(stat)) continue;
        if (path === undefined) collector.gap('link-outside', stat.path, 'a hard link points outside of its archive');
        else collector.gap('link-dangling', stat.path, 'a hard link to a file that its layer does not hold');
        continue;
      }
      const file: FileStat = { ...stat, type: 'file', size };
      const by = collector.link(file, path);
      if (by.length === 0) continue;
      if (size > limits.spooledFile) collector.gap('limit-file-size', stat.path, `larger than ${limits.spooledFile} bytes`);
      else pending.set(path, [...(pending.get(path) ?? []), { stat: file, by }]);
    }
  }
  return pending;
}
