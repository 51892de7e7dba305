import type { Analyzer, FileStat } from '../analyzer.ts';
import type { Content } from '../content.ts';
import { DamagedArchive } from '../error.ts';
import { readTar } from '../tar/read.ts';
import type { Collector } from './collector.ts';
import { createCollector } from './collector.ts';
import type { Compression } from './decompress.ts';
import { decompress } from './decompress.ts';
import type { LayerFacts } from './layer-facts.ts';
import { pendingLinks } from './pending-links.ts';
import type { PendingLink } from './pending-links.ts';
import { reportDamage } from './seekable.ts';
import { createSpool } from './spool.ts';

/**
 * Reads a layer from beginning to end (compressed, or plain under --verify), with flat memory. All of it passes
 * through, so its digests come out: `blob` is the digest of the bytes as stored.
 */
export async function analyseStreamed(
  content: Content,
  compression: Compression,
  analyzers: readonly Analyzer[],
  signal: AbortSignal,
): Promise<{ facts: LayerFacts; blob: string }> {
  const collector = createCollector(analyzers, signal, true);
  const first = decompress(content, compression);
  const sizes = new Map<string, number>();
  const intact = await drive(first.chunks, collector, (stat) => {
    if (stat.type === 'file' && !sizes.has(stat.path)) sizes.set(stat.path, stat.size);
    return collector.note(stat) ? [{ stat }] : [];
  }, collector);
  const links = pendingLinks(collector, (path) => sizes.get(path));
  if (links.size > 0) await readLinks(content, compression, collector, links);
  const digests = first.digests();
  return { facts: collector.finish(intact ? { diffId: digests.diffId } : {}), blob: digests.blob };
}

/** Hard links may come before or after their target: a second reading fetches the targets that are still to be read. */
async function readLinks(content: Content, compression: Compression, collector: Collector, links: Map<string, PendingLink[]>): Promise<void> {
  const take = (stat: FileStat): PendingLink[] => {
    const found = stat.type === 'file' ? (links.get(stat.path) ?? []) : [];
    if (found.length > 0) links.delete(stat.path);
    return found;
  };
  await drive(decompress(content, compression).chunks, undefined, take, collector, () => links.size === 0);
}

type Reading = { readonly stat: FileStat; readonly by?: readonly Analyzer[] };

/** Runs the tar grammar over a stream; true when it came to its proper end and nothing is left unread. */
async function drive(chunks: AsyncGenerator<Buffer, void>, report: Collector | undefined, wanted: (stat: FileStat) => readonly Reading[], collector: Collector, enough = (): boolean => false): Promise<boolean> {
  const input = reader(chunks);
  const tar = readTar();
  let answer: Buffer = Buffer.alloc(0);
  try {
    for (let step = tar.next(); step.done !== true; step = tar.next(answer)) {
      const request = step.value;
      if (request.op === 'take') answer = await input.take(request.length);
      else if (request.op === 'skip') await input.pass(request.length, () => {});
      else if (request.op === 'refused') report?.gap('entry-refused', request.name, request.reason);
      else {
        await body(request.stat, request.size, request.sparse);
        await input.pass(request.padding, () => {});
        if (enough()) return true;
      }
    }
    // What follows the end blocks counts for the digest, and for nothing else.
    await input.pass(Number.POSITIVE_INFINITY, () => {});
    return true;
  } catch (error) {
    reportDamage(report, error);
    return false;
  } finally {
    await chunks.return();
  }

  async function body(stat: FileStat, size: number, sparse: boolean): Promise<void> {
    const stats = wanted(stat);
    const readers = sparse ? [] : stats;
    if (sparse && stats.length > 0) report?.gap('sparse-file', stat.path, 'a sparse file is not looked at');
    const spool = readers.length === 0 ? undefined : createSpool(size);
    const passed = await input.pass(size, (bytes) => spool?.write(bytes));
    const content = spool?.content();
    try {
      if (passed < size) throw new DamagedArchive(`the archive ends within "${stat.path}"`);
      if (content !== undefined) for (const one of readers) await collector.read(one.stat, content, one.by);
    } finally {
      content?.close();
    }
  }
}

type Reader = { take(length: number): Promise<Buffer>; pass(length: number, each: (bytes: Buffer) => void): Promise<number> };

function reader(chunks: AsyncGenerator<Buffer, void>): Reader {
  let rest: Buffer = Buffer.alloc(0);
  let ended = false;
  const more = async (): Promise<boolean> => {
    if (ended) return false;
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else rest = rest.length === 0 ? next.value : Buffer.concat([rest, next.value]);
    return !ended;
  };
  return {
    async take(length) {
      while (rest.length < length) if (!(await more())) break;
      const bytes = rest.subarray(0, length);
      rest = rest.subarray(bytes.length);
      return bytes;
    },
    async pass(length, each) {
      let passed = 0;
      while (passed < length) {
        if (rest.length === 0 && !(await more())) break;
        const bytes = rest.subarray(0, Math.min(rest.length, length - passed));
        rest = rest.subarray(bytes.length);
        passed += bytes.length;
        each(bytes);
      }
      return passed;
    },
  };
}
