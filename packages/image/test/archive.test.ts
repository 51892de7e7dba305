import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Analyzer, OpenFile } from '../src/analyzer.ts';
import { analyseArchive } from './reader.ts';
import { dockerArchive, sha256, tar } from '../../../test/tar-writer.ts';

const base = tar([
  { name: 'want/', type: '5' },
  { name: 'want/a', body: 'one' },
  { name: 'want/b', body: 'two' },
  { name: './want/deep/c', body: 'three' },
  { name: 'other', body: 'x'.repeat(2000) },
]);
const upper = tar([
  { name: 'want/a', body: 'new' },
  { name: 'want/.wh.b' },
  { name: 'want/deep/.wh..wh..opq' },
  { name: 'want/deep/d', body: 'four' },
]);
const expected = [
  { analyzer: 'echo', path: 'want/a', data: 'one', layer: sha256(base), removed: sha256(upper) },
  { analyzer: 'echo', path: 'want/b', data: 'two', layer: sha256(base), removed: sha256(upper) },
  { analyzer: 'echo', path: 'want/deep/c', data: 'three', layer: sha256(base), removed: sha256(upper) },
  { analyzer: 'echo', path: 'want/a', data: 'new', layer: sha256(upper) },
  { analyzer: 'echo', path: 'want/deep/d', data: 'four', layer: sha256(upper) },
];
const sorted = <T extends { path: string; layer: string }>(facts: readonly T[]): T[] => [...facts].sort((a, b) => (a.layer + a.path < b.layer + b.path ? -1 : 1));

describe('a docker archive', () => {
  for (const [name, pack] of [['plain', undefined], ['gzip', gzipSync], ['zstd', zstdCompressSync]] as const) {
    it(`is squashed by whiteouts and opaque directories, ${name} layers`, async () => {
      const layers = [base, upper].map((plain) => ({ plain, ...(pack === undefined ? {} : { stored: pack(plain) }) }));
      const analysis = await analyseArchive(dockerArchive(layers));
      expect(sorted(analysis.facts)).toEqual(sorted(expected));
      expect(analysis).toMatchObject({ status: 'complete', gaps: [], content: name === 'plain' ? 'headers' : 'verified' });
      expect(analysis.layers.map((layer) => [layer.instruction, layer.size])).toEqual([['RUN step 0', 2011], ['RUN step 1', 7]]);
    });
  }

  it('is verified when all of it was hashed', async () => {
    const analysis = await analyseArchive(dockerArchive([{ plain: base }]), { verify: true });
    expect(analysis).toMatchObject({ content: 'verified', status: 'complete' });
    expect(analysis.facts).toHaveLength(3);
  });

  it('that claims another layer is found out under verification', async () => {
    const lie = dockerArchive([{ plain: base, diffId: sha256(upper) }]);
    const analysis = await analyseArchive(lie, { verify: true });
    expect(analysis).toMatchObject({ content: 'headers', status: 'partial' });
    expect(analysis.gaps.map((gap) => gap.kind)).toEqual(['digest-mismatch']);
  });

  it('reads a hard link at its own path, wherever its target stands', async () => {
    const layer = tar([{ name: 'want/link', type: '1', target: 'data/file' }, { name: 'data/file', body: 'shared' }]);
    for (const stored of [layer, gzipSync(layer)]) {
      const analysis = await analyseArchive(dockerArchive([{ plain: layer, stored }]));
      expect(analysis.facts.map((fact) => [fact.path, fact.data])).toEqual([['want/link', 'shared']]);
    }
  });
});

describe('a hard link', () => {
  // Wants nothing that is empty, as readers of databases and programs do.
  const sized = (alike: boolean): Analyzer & { readonly read: ReturnType<typeof vi.fn> } => ({ id: 'sized', version: 1, wants: (stat) => stat.type === 'file' && stat.size > 2 && stat.path.startsWith('want/'), ...(alike ? { alike: () => true } : {}), read: vi.fn((file: OpenFile) => `${file.stat.path}: ${file.stat.size}`) });

  for (const [name, pack] of [['plain', undefined], ['gzip', gzipSync]] as const) {
    it(`has the size of its target, ${name} layers`, async () => {
      const layer = tar([{ name: 'want/early', type: '1', target: 'data/file' }, { name: 'data/file', body: 'shared' }, { name: 'want/late', type: '1', target: './data/file' }, { name: 'data/few', body: 'ab' }, { name: 'want/few', type: '1', target: 'data/few' }, { name: 'else/x', type: '1', target: 'nothing' }]);
      const analysis = await analyseArchive(dockerArchive([{ plain: layer, ...(pack === undefined ? {} : { stored: pack(layer) }) }]), {}, [sized(false)]);
      expect(new Set(analysis.facts.map((fact) => fact.data))).toEqual(new Set(['want/early: 6', 'want/late: 6']));
      expect(analysis.facts).toHaveLength(2);
      expect(analysis.gaps).toEqual([]);
    });

    it(`whose target was read is not read again where its name makes no difference, ${name} layers`, async () => {
      const layer = tar([{ name: 'want/one', body: 'shared' }, { name: 'want/two', type: '1', target: 'want/one' }]);
      const analyzer = sized(true);
      const analysis = await analyseArchive(dockerArchive([{ plain: layer, ...(pack === undefined ? {} : { stored: pack(layer) }) }]), {}, [analyzer]);
      expect(sorted(analysis.facts).map(({ path, data }) => [path, data])).toEqual([['want/one', 'want/one: 6'], ['want/two', 'want/one: 6']]);
      expect(analyzer.read).toHaveBeenCalledTimes(1);
    });
  }

  it('and an empty file hide what lay below', async () => {
    const below = tar([{ name: 'want/a', body: 'below' }, { name: 'want/b', body: 'below' }, { name: 'want/c', body: 'below' }]);
    const above = tar([{ name: 'want/a', body: '' }, { name: 'few', body: 'ab' }, { name: 'want/b', type: '1', target: 'few' }]);
    const analysis = await analyseArchive(dockerArchive([{ plain: below }, { plain: above }]), {}, [sized(false)]);
    expect(sorted(analysis.facts).map(({ path, removed }) => [path, removed === undefined])).toEqual([['want/a', false], ['want/b', false], ['want/c', true]]);
  });
});

describe('a hostile archive', () => {
  const cases: Record<string, { layer: Buffer; stored?: Buffer; gap: string; reads: number }> = {
    'with a path that leaves the tree': { layer: tar([{ name: '../want/x', body: 'x' }, { name: 'want/a', body: 'ok' }]), gap: 'entry-refused', reads: 1 },
    'with a hard link out of the tree': { layer: tar([{ name: 'want/x', type: '1', target: '../../etc/shadow' }]), gap: 'link-outside', reads: 0 },
    'with a hard link to nothing': { layer: tar([{ name: 'want/x', type: '1', target: 'want/y' }]), gap: 'link-dangling', reads: 0 },
    'cut off within a file': { layer: tar([{ name: 'want/a', body: 'ok' }, { name: 'want/x', body: 'short', size: 9000 }], false), gap: 'archive-damaged', reads: 1 },
    'cut off within a header': { layer: tar([{ name: 'want/a', body: 'ok' }]).subarray(0, 1024 + 100), gap: 'archive-damaged', reads: 1 },
    'with a broken header': { layer: Buffer.concat([tar([{ name: 'want/a', body: 'ok' }], false), Buffer.alloc(512, 7)]), gap: 'archive-damaged', reads: 1 },
    'with an endless extended header': { layer: tar([{ name: 'x', type: 'x', size: 2 ** 31 }], false), gap: 'limit-archive', reads: 0 },
    'with an unknown entry type': { layer: tar([{ name: 'want/z', type: 'Z', body: 'z' }]), gap: 'entry-refused', reads: 0 },
    'with a sparse file': { layer: tar([{ name: 'want/hole', type: 'S', body: 'x' }, { name: 'want/a', body: 'ok' }]), gap: 'sparse-file', reads: 1 },
    'with a file that claims to be huge': { layer: tar([{ name: 'want/a', body: 'ok' }, { name: 'want/huge', size: 2 ** 32 }], false), gap: 'archive-damaged', reads: 1 },
    'with a negative or absurd size': { layer: tar([{ name: 'want/a', body: 'ok' }, { name: 'x', type: 'x', body: '30 size=-18446744073709551615\n' }, { name: 'want/b', body: 'b' }]), gap: 'archive-damaged', reads: 1 },
    'with a name longer than any path': { layer: tar([{ name: '././@LongLink', type: 'L', body: `want/${'n'.repeat(5000)}` }, { name: 'want/cut', body: 'x' }, { name: 'want/a', body: 'ok' }]), gap: 'entry-refused', reads: 1 },
    'with a path deeper than any tree': { layer: tar([{ name: '././@LongLink', type: 'L', body: `want/${'d/'.repeat(300)}f` }, { name: 'want/cut', body: 'x' }, { name: 'want/a', body: 'ok' }]), gap: 'entry-refused', reads: 1 },
    'with a truncated zstd stream': { layer: base, stored: zstdCompressSync(base).subarray(0, 60), gap: 'archive-damaged', reads: 0 },
    'with a gzip stream that is none': { layer: base, stored: Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9, 9]), gap: 'archive-damaged', reads: 0 },
    'with a hard link to itself': { layer: tar([{ name: 'want/x', type: '1', target: 'want/x' }, { name: 'want/a', body: 'ok' }]), gap: 'link-dangling', reads: 1 },
    'with a truncated gzip stream': { layer: base, stored: gzipSync(base).subarray(0, 60), gap: 'archive-damaged', reads: 0 },
  };
  for (const [name, { layer, stored, gap, reads }] of Object.entries(cases)) {
    it(`${name} ends in a gap, and the rest is read`, async () => {
      const analysis = await analyseArchive(dockerArchive([{ plain: layer, ...(stored === undefined ? {} : { stored }) }]));
      expect(analysis.gaps.map((found) => found.kind)).toContain(gap);
      expect(analysis.status).toBe('partial');
      expect(analysis.facts).toHaveLength(reads);
    });
  }

  it('that unpacks without end is stopped', async () => {
    const bomb = gzipSync(Buffer.concat([tar([{ name: 'zeros', size: 2 ** 32 }], false), Buffer.alloc(200 << 20)]), { level: 9 });
    const analysis = await analyseArchive(dockerArchive([{ plain: Buffer.alloc(0), stored: bomb, diffId: sha256(base) }]));
    expect(analysis.gaps.map((gap) => gap.kind)).toContain('limit-archive');
  });

  it('with links that lead in circles or outside is read without following one', async () => {
    const layer = tar([{ name: 'want/x', type: '2', target: 'y' }, { name: 'want/y', type: '2', target: 'x' }, { name: 'want/out', type: '2', target: '../../../../etc/shadow' }, { name: 'want/dir', type: '2', target: '/' }, { name: 'want/dir/etc/passwd', body: 'own' }]);
    const analysis = await analyseArchive(dockerArchive([{ plain: layer }]));
    // The entry below a link is the archive's own: nothing was looked up through the link.
    expect(analysis.facts.map((fact) => [fact.path, fact.data])).toEqual([['want/dir/etc/passwd', 'own']]);
  });

  it('whose members link in circles lacks those layers, in words', async () => {
    const config = JSON.stringify({ rootfs: { diff_ids: [sha256(base)] } });
    const archive = tar([{ name: 'c.json', body: config }, { name: 'a.tar', type: '2', target: 'b.tar' }, { name: 'b.tar', type: '2', target: 'a.tar' }, { name: 'manifest.json', body: JSON.stringify([{ Config: 'c.json', Layers: ['a.tar'] }]) }]);
    expect((await analyseArchive(archive)).gaps).toEqual([{ kind: 'layer-missing', subject: sha256(base), reason: 'the archive lacks a.tar', count: 1 }]);
  });

  it('of a great many tiny entries is read to its end', async () => {
    // A million by PALISADE_FUZZ: 512 MB of headers.
    const count = process.env['PALISADE_FUZZ'] === undefined ? 20_000 : 1_000_000;
    const one = tar([{ name: 'tiny' }], false);
    const analysis = await analyseArchive(dockerArchive([{ plain: Buffer.concat([Buffer.alloc(one.length * count, one), tar([{ name: 'want/a', body: 'ok' }])]) }]));
    expect(analysis).toMatchObject({ files: count + 1, status: 'complete' });
    expect(analysis.facts).toHaveLength(1);
  });

  it('of more layers than an image can have is refused', async () => {
    const config = JSON.stringify({ rootfs: { diff_ids: Array.from({ length: 600 }, () => sha256(base)) } });
    await expect(analyseArchive(tar([{ name: 'c.json', body: config }, { name: 'manifest.json', body: JSON.stringify([{ Config: 'c.json', Layers: ['a'] }]) }]))).rejects.toThrow('not an image config');
  });

  it('that is no image at all is named', async () => {
    await expect(analyseArchive(tar([{ name: 'readme', body: 'hello' }]))).rejects.toThrow(/no manifest\.json/);
    await expect(analyseArchive(Buffer.from('not a tar at all, but long enough to be looked at'.repeat(20)))).rejects.toThrow(/image\.tar: not a readable archive: .*(?:checksum|octal|header)/);
  });
});
