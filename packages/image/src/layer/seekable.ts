import type { Analyzer } from '../analyzer.ts';
import type { Content } from '../content.ts';
import { messageOf } from '@palisade/model/error';
import { DamagedArchive, LimitError } from '../error.ts';
import { readTar } from '../tar/read.ts';
import type { Collector } from './collector.ts';
import { createCollector } from './collector.ts';
import type { LayerFacts } from './layer-facts.ts';
import { pendingLinks } from './pending-links.ts';
import type { Window } from './window.ts';
import { windowOver } from './window.ts';

type Place = { readonly position: number; readonly size: number };

/**
 * Reads an uncompressed layer that can be sought in: only headers and wanted files are read, so that a layer of
 * hundreds of megabytes costs what its packages cost.
 */
export async function analyseSeekable(content: Content, analyzers: readonly Analyzer[], signal: AbortSignal): Promise<LayerFacts> {
  const collector = createCollector(analyzers, signal, true);
  const window = windowOver(content);
  // A hard link names a file of the same layer: where each lies, so that no second walk is needed to find it.
  const places = new Map<string, Place>();
  await walk(content, window, collector, places);
  for (const [target, links] of pendingLinks(collector, (path) => places.get(path)?.size)) {
    const place = places.get(target);
    if (place === undefined) continue;
    for (const { stat, by } of links) await collector.read(stat, window.body(place.position, place.size), by);
  }
  return collector.finish();
}

/** Runs the tar grammar over seekable bytes. Damage ends the walk as a gap. */
async function walk(content: Content, window: Window, collector: Collector, places: Map<string, Place>): Promise<void> {
  let position = 0;
  const tar = readTar();
  let answer: Buffer = Buffer.alloc(0);
  try {
    for (let step = tar.next(); step.done !== true; step = tar.next(answer)) {
      const request = step.value;
      if (request.op === 'take') {
        answer = window.at(position, request.length);
        position += answer.length;
      } else if (request.op === 'skip') position += request.length;
      else if (request.op === 'refused') collector.gap('entry-refused', request.name, request.reason);
      else {
        const { stat, size, padding, sparse } = request;
        if (position + size > content.size) throw new DamagedArchive(`the archive ends within "${stat.path}"`);
        if (sparse && stat.type === 'file') collector.gap('sparse-file', stat.path, 'a sparse file is not looked at');
        else {
          if (stat.type === 'file' && !places.has(stat.path)) places.set(stat.path, { position, size });
          if (collector.note(stat)) await collector.read(stat, window.body(position, size));
        }
        position += size + padding;
      }
    }
  } catch (error) {
    reportDamage(collector, error);
  }
}

/** Damage and limits are gaps; anything else is a fault of ours or an abort, and goes on. */
export function reportDamage(report: Collector | undefined, error: unknown): void {
  if (error instanceof DamagedArchive) report?.gap('archive-damaged', 'layer', messageOf(error));
  else if (error instanceof LimitError) report?.gap('limit-archive', 'layer', messageOf(error));
  else throw error;
}
