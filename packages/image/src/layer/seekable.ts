import { createHash } from 'node:crypto';
import type { Analyzer, FileStat } from '../analyzer.ts';
import type { Content } from '../content.ts';
import { sliceContent } from '../content.ts';
import { messageOf } from '@palisade/model/error';
import { DamagedArchive, LimitError } from '../error.ts';
import { readTar } from '../tar/read.ts';
import type { Collector } from './collector.ts';
import { createCollector } from './collector.ts';
import type { LayerFacts } from './layer-facts.ts';
import { pendingLinks } from './pending-links.ts';

const windowSize = 128 << 10;

/**
 * Reads an uncompressed layer that can be sought in: only headers and wanted files are read, so that a layer of
 * hundreds of megabytes costs what its packages cost.
 */
export async function analyseSeekable(content: Content, analyzers: readonly Analyzer[], signal: AbortSignal): Promise<LayerFacts> {
  const collector = createCollector(analyzers, signal, true);
  const proof = createHash('sha256');
  const visit = async (stat: FileStat, body: Content): Promise<void> => {
    hashContent(proof, body);
    await collector.read(stat, body);
  };
  const targets = await walk(content, collector, proof, visit);
  if (targets) await readLinks(content, collector, visit);
  return collector.finish({ proof: proof.digest('hex') });
}

/** The first pass: true when wanted hard links are left to read. */
async function walk(content: Content, collector: Collector, proof: ReturnType<typeof createHash>, visit: (stat: FileStat, body: Content) => Promise<void>): Promise<boolean> {
  await drive(content, collector, (block) => void proof.update(block), async (stat, body) => {
    if (collector.note(stat)) await visit(stat, body);
  });
  return collector.links.size > 0;
}

async function readLinks(content: Content, collector: Collector, visit: (stat: FileStat, body: Content) => Promise<void>): Promise<void> {
  const links = pendingLinks(collector);
  await drive(content, undefined, () => {}, async (stat, body) => {
    for (const link of links.take(stat)) await visit(link, body);
  });
  links.close();
}

/** Runs the tar grammar over seekable bytes. Damage ends the walk as a gap (reported on the first pass only). */
async function drive(content: Content, report: Collector | undefined, header: (block: Buffer) => void, entry: (stat: FileStat, body: Content) => Promise<void>): Promise<void> {
  let position = 0;
  let window: Buffer = Buffer.alloc(0);
  let start = 0;
  const take = (length: number): Buffer => {
    if (position < start || position + length > start + window.length) {
      window = content.read(position, Math.max(length, windowSize));
      start = position;
    }
    const block = window.subarray(position - start, position - start + length);
    position += block.length;
    return block;
  };
  const tar = readTar();
  let answer: Buffer = Buffer.alloc(0);
  try {
    for (let step = tar.next(); step.done !== true; step = tar.next(answer)) {
      const request = step.value;
      if (request.op === 'take') {
        answer = take(request.length);
        header(answer);
      } else if (request.op === 'skip') position += request.length;
      else if (request.op === 'refused') report?.gap('entry-refused', request.name, request.reason);
      else {
        if (position + request.size > content.size) throw new DamagedArchive(`the archive ends within "${request.stat.path}"`);
        if (request.sparse && request.stat.type === 'file') report?.gap('sparse-file', request.stat.path, 'a sparse file is not looked at');
        else await entry(request.stat, sliceContent(content, position, request.size));
        position += request.size;
      }
    }
  } catch (error) {
    reportDamage(report, error);
  }
}

/** Damage and limits are gaps; anything else is a fault of ours or an abort, and goes on. */
export function reportDamage(report: Collector | undefined, error: unknown): void {
  if (error instanceof DamagedArchive) report?.gap('archive-damaged', 'layer', messageOf(error));
  else if (error instanceof LimitError) report?.gap('limit-archive', 'layer', messageOf(error));
  else throw error;
}

function hashContent(hash: ReturnType<typeof createHash>, body: Content): void {
  for (let offset = 0; offset < body.size; offset += windowSize) hash.update(body.read(offset, windowSize));
}
