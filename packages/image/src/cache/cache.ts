import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Analyzer } from '../analyzer.ts';
import type { LayerFacts } from '../layer/layer-facts.ts';

/**
 * Results of layers whose digest somebody trustworthy verified: the engine's store, or we ourselves by reading all
 * of it. An archive that merely claims a diff id neither reads from here nor writes here.
 */
export type LayerCache = {
  get(diffId: string, analyzers: readonly Analyzer[]): LayerFacts | undefined;
  put(diffId: string, analyzers: readonly Analyzer[], facts: LayerFacts): void;
};

const formatVersion = 1;
const maxEntry = 256 << 20;

/** Keeps results under `folder`. An entry that can't be read or written costs time, never the scan; `failed` hears of it. */
export function createLayerCache(folder: string, failed: (reason: string) => void = () => {}): LayerCache {
  const fileOf = (diffId: string, analyzers: readonly Analyzer[]): string => {
    const key = createHash('sha256').update(JSON.stringify([formatVersion, diffId, analyzers.map((one) => `${one.id}@${one.version}`).toSorted((a, b) => a.localeCompare(b, 'en'))])).digest('hex');
    return path.join(folder, key.slice(0, 2), `${key.slice(2)}.json.zst`);
  };
  return {
    get(diffId, analyzers) {
      const file = fileOf(diffId, analyzers);
      let packed: Buffer;
      try {
        packed = readFileSync(file);
      } catch {
        return undefined;
      }
      try {
        return JSON.parse(zstdDecompressSync(packed, { maxOutputLength: maxEntry }).toString('utf8')) as LayerFacts;
      } catch {
        // Half written or damaged: forgotten, and the layer is read again.
        rmSync(file, { force: true });
        return undefined;
      }
    },
    put(diffId, analyzers, facts) {
      const file = fileOf(diffId, analyzers);
      const fresh = `${file}.${process.pid}`;
      try {
        mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(fresh, zstdCompressSync(Buffer.from(JSON.stringify(facts))), { mode: 0o600 });
        renameSync(fresh, file);
      } catch (error) {
        rmSync(fresh, { force: true });
        failed(error instanceof Error ? error.message : String(error));
      }
    },
  };
}
