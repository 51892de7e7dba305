import { describe, expect, it } from 'vitest';
import { gzipSync } from 'node:zlib';
import { createLayerCache } from '../src/cache/cache.ts';
import { folderStore } from '../src/cache/folder-store.ts';
import type { Analysis } from '../src/analyse.ts';
import { analyseArchive, temporaryFolder } from './reader.ts';
import { dockerArchive, sha256, tar } from '../../../test/tar-writer.ts';

const clean = tar([{ name: 'want/a', body: 'clean' }, { name: 'big', body: 'x'.repeat(90_000) }, { name: 'want/link', type: '1', target: 'big' }, { name: 'skipped', body: 'y'.repeat(70_000) }]);
const claimed = sha256(clean);

/** An archive whose config claims the clean layer's diff id, whatever the layer holds. */
const archive = (layer: Buffer): Buffer => dockerArchive([{ plain: layer, diffId: claimed }]);
const plain = async (layer: Buffer): Promise<Analysis> => ({ ...(await analyseArchive(archive(layer))), cachedLayers: 0 });

function changed(find: string, replace: string): Buffer {
  const copy = Buffer.from(clean);
  copy.write(replace, copy.indexOf(find), 'latin1');
  return copy;
}

describe('the layer cache', () => {
  it('serves a file archive only what its own bytes led to', async () => {
    const cache = createLayerCache(folderStore(temporaryFolder()));
    const scan = (layer: Buffer): Promise<Analysis> => analyseArchive(archive(layer), { cache });
    expect((await scan(clean)).cachedLayers).toBe(0);
    const served = await scan(clean);
    expect(served).toEqual({ ...(await plain(clean)), cachedLayers: 1 });
    expect(served.content).toBe('headers');

    const lies: Record<string, Buffer> = {
      'another wanted file of the same length': changed('clean', 'dirty'),
      'another target of a hard link': changed('xxxxx', 'XXXXX'),
      'another layer altogether': tar([{ name: 'want/evil', body: 'evil' }]),
    };
    for (const [what, layer] of Object.entries(lies)) {
      const analysis = await scan(layer);
      expect([what, analysis]).toEqual([what, { ...(await plain(layer)), cachedLayers: 0 }]);
    }
    expect({ ...(await scan(clean)), cachedLayers: 0 }).toEqual(await plain(clean));
  });

  it('is not asked under --verify, nor fed by what left gaps', async () => {
    const cache = createLayerCache(folderStore(temporaryFolder()));
    await analyseArchive(archive(clean), { cache });
    expect((await analyseArchive(archive(clean), { cache, verify: true })).cachedLayers).toBe(0);
    const cut = clean.subarray(0, 3000);
    for (let round = 0; round < 2; round += 1) expect(await analyseArchive(archive(cut), { cache })).toMatchObject({ cachedLayers: 0, status: 'partial' });
  });

  it("never serves a verified layer's result to an archive that only claims its id", async () => {
    const cache = createLayerCache(folderStore(temporaryFolder()));
    const packed = (layer: Buffer, diffId?: string): Buffer => dockerArchive([{ plain: layer, stored: gzipSync(layer), ...(diffId === undefined ? {} : { diffId }) }]);
    expect((await analyseArchive(packed(clean), { cache })).content).toBe('verified');
    const dirty = changed('clean', 'dirty');
    for (const lie of [packed(dirty, claimed), archive(dirty)]) {
      const analysis = await analyseArchive(lie, { cache });
      expect(analysis.facts.map((fact) => fact.data)).toContain('dirty');
      expect(analysis).toMatchObject({ content: 'headers', cachedLayers: 0 });
    }
    expect((await analyseArchive(packed(clean), { cache })).facts.map((fact) => fact.data)).toContain('clean');
  });
});
