import { createHash } from 'node:crypto';
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

/**
 * Where entries lie, by key (64 hexadecimal digits): a folder of ours, or the process that started this one. `read`
 * answers undefined for "not there"; `write` never throws, for an entry that can't be kept costs time, not the scan.
 */
export type CacheStore = {
  read(key: string): Buffer | undefined;
  write(key: string, bytes: Buffer): void;
  remove(key: string): void;
};

const formatVersion = 4;
const maxEntry = 256 << 20;

/** Results packed into a store's entries; the key holds the layer and the version of everything that read it. */
export function createLayerCache(store: CacheStore): LayerCache {
  const keyOf = (analyzers: readonly Analyzer[], ...subject: (string | number)[]): string =>
    createHash('sha256').update(JSON.stringify([formatVersion, subject, analyzers.map((one) => `${one.id}@${one.version}`).sort()])).digest('hex');
  const claimed = (diffId: string, analyzers: readonly Analyzer[], content: Content): string => keyOf(analyzers, 'claimed', diffId, content.size);
  return {
    get: (diffId, analyzers) => load(keyOf(analyzers, diffId)) as LayerFacts | undefined,
    put: (diffId, analyzers, facts) => save(keyOf(analyzers, diffId), facts),
    recall(diffId, analyzers, content) {
      const entry = load(claimed(diffId, analyzers, content)) as { facts: LayerFacts; witness: Witness } | undefined;
      return entry !== undefined && confirms(content, entry.witness) ? entry.facts : undefined;
    },
    keep: (diffId, analyzers, content, facts, witness) => save(claimed(diffId, analyzers, content), { facts, witness }),
  };

  function load(key: string): unknown {
    const packed = store.read(key);
    if (packed === undefined) return undefined;
    try {
      return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: maxEntry }).toString('utf8'));
    } catch {
      // Half written or damaged: forgotten, and the layer is read again.
      store.remove(key);
      return undefined;
    }
  }

  function save(key: string, entry: unknown): void {
    store.write(key, zstdCompressSync(Buffer.from(JSON.stringify(entry))));
  }
}
