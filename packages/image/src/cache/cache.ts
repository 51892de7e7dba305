import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Analyzer } from '../analyzer.ts';
import type { Content } from '../content.ts';
import type { LayerFacts } from '../layer/layer-facts.ts';
import type { Witness } from './witness.ts';
import { confirms } from './witness.ts';

/**
 * Results of layers. `get` and `put`: of those whose digest somebody trustworthy verified, the engine's store or we
 * ourselves by reading all of it. `recall` and `keep`: of layers in a file archive, which merely claims a diff id. Such a
 * result is served only when every byte that led to it, tar headers included, still stands where it stood.
 */
export type LayerCache = {
  get(diffId: string, analyzers: readonly Analyzer[]): LayerFacts | undefined;
  put(diffId: string, analyzers: readonly Analyzer[], facts: LayerFacts): void;
  recall(diffId: string, analyzers: readonly Analyzer[], content: Content): LayerFacts | undefined;
  keep(diffId: string, analyzers: readonly Analyzer[], content: Content, facts: LayerFacts, witness: Witness): void;
};

const formatVersion = 2;
const maxEntry = 256 << 20;

/** Keeps results under `folder`. An entry that can't be read or written costs time, never the scan; `failed` hears of it. */
export function createLayerCache(folder: string, failed: (reason: string) => void = () => {}): LayerCache {
  const fileOf = (analyzers: readonly Analyzer[], ...subject: (string | number)[]): string => {
    const key = createHash('sha256').update(JSON.stringify([formatVersion, subject, analyzers.map((one) => `${one.id}@${one.version}`).toSorted((a, b) => a.localeCompare(b, 'en'))])).digest('hex');
    return path.join(folder, key.slice(0, 2), `${key.slice(2)}.json.zst`);
  };
  const claimed = (diffId: string, analyzers: readonly Analyzer[], content: Content): string => fileOf(analyzers, 'claimed', diffId, content.size);
  return {
    get: (diffId, analyzers) => load(fileOf(analyzers, diffId)) as LayerFacts | undefined,
    put: (diffId, analyzers, facts) => store(fileOf(analyzers, diffId), facts),
    recall(diffId, analyzers, content) {
      const entry = load(claimed(diffId, analyzers, content)) as { facts: LayerFacts; witness: Witness } | undefined;
      return entry !== undefined && confirms(content, entry.witness) ? entry.facts : undefined;
    },
    keep: (diffId, analyzers, content, facts, witness) => store(claimed(diffId, analyzers, content), { facts, witness }),
  };

  function load(file: string): unknown {
    let packed: Buffer;
    try {
      packed = readFileSync(file);
    } catch {
      return undefined;
    }
    try {
      return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: maxEntry }).toString('utf8'));
    } catch {
      // Half written or damaged: forgotten, and the layer is read again.
      rmSync(file, { force: true });
      return undefined;
    }
  }

  function store(file: string, entry: unknown): void {
    const fresh = `${file}.${process.pid}`;
    try {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      writeFileSync(fresh, zstdCompressSync(Buffer.from(JSON.stringify(entry))), { mode: 0o600 });
      renameSync(fresh, file);
    } catch (error) {
      rmSync(fresh, { force: true });
      failed(error instanceof Error ? error.message : String(error));
    }
  }
}
