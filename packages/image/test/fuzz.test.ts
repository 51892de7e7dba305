import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bufferContent } from '../src/content.ts';
import { compressionOf } from '../src/layer/decompress.ts';
import { analyseSeekable } from '../src/layer/seekable.ts';
import { analyseStreamed } from '../src/layer/streamed.ts';
import { cleanPath } from '../src/path.ts';
import { openOciLayout } from '../src/source/oci-layout.ts';
import { UnreadableImage } from '../src/error.ts';
import { echo } from './reader.ts';
import { tar } from '../../../test/tar-writer.ts';
import { fuzz } from '../../../test/fuzz.ts';

const signal = new AbortController().signal;
const good = tar([{ name: 'want/a', body: 'one' }, { name: 'want/l', type: '1', target: 'want/a' }, { name: 'want/b', body: 'b'.repeat(700) }]);
const flips = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 });
const damage = (changes: readonly (readonly [number, number])[], length: number): Buffer => {
  const copy = Buffer.from(good.subarray(0, length));
  for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
  return copy;
};

it('reads any bytes as a layer without a crash, and the same by seeking and by streaming', async () => {
  await fc.assert(
    fc.asyncProperty(flips, fc.nat(good.length), async (changes, length) => {
      const bytes = damage(changes, length);
      if (compressionOf(bufferContent(bytes)) !== 'none') return;
      const sought = await analyseSeekable(bufferContent(bytes), [echo], signal);
      const { facts: streamed } = await analyseStreamed(bufferContent(bytes), 'none', [echo], signal);
      expect(streamed.facts).toEqual(sought.facts);
      expect(streamed.gaps.map((gap) => gap.kind)).toEqual(sought.gaps.map((gap) => gap.kind));
    }),
    fuzz(300),
  );
});

it.each([['gzip', gzipSync(good)], ['zstd', zstdCompressSync(good)]] as const)('reads any damaged %s stream without a crash', async (kind, packed) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(packed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), fc.nat(packed.length), async (changes, length) => {
      const copy = Buffer.from(packed.subarray(0, length));
      for (const [at, value] of changes) if (at < length) copy[at] = value;
      const { facts } = await analyseStreamed(bufferContent(copy), kind, [echo], signal);
      expect(facts.facts.length).toBeLessThanOrEqual(3);
    }),
    fuzz(100),
  );
});

it('never answers a path that leaves the tree', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('..', '.', '', 'a', 'b.c', '...'), { maxLength: 8 }), (parts) => {
      const clean = cleanPath(parts.join('/'));
      if (parts.includes('..')) expect(clean).toBeUndefined();
      else expect(clean?.split('/')).not.toContain('..');
    }),
  );
});

/** Headers with a right checksum and anything in their fields: what damage alone seldom makes. */
const members = fc.array(
  fc.record({
    name: fc.oneof(fc.constantFrom('want/a', 'want/b', '../x', '/etc/passwd', 'want/.wh.a', 'want/.wh..wh..opq', '', 'a/'.repeat(60), '././@LongLink'), fc.string({ maxLength: 100 })),
    body: fc.oneof(fc.string({ maxLength: 600 }), fc.constantFrom('30 path=../../../etc/shadow\n', '12 size=1e9\n', '19 GNU.sparse.map=1\n', '9999 path=x\n')),
    type: fc.constantFrom('0', '1', '2', '3', '5', '6', '7', 'x', 'g', 'L', 'K', 'S', 'Z'),
    target: fc.constantFrom('', 'want/a', 'want/b', '../..', '/etc/shadow', 'want/link'),
    size: fc.option(fc.oneof(fc.nat(2000), fc.nat()), { nil: undefined }),
  }),
  { maxLength: 6 },
);

it('reads any members as a layer, the same by seeking and by streaming', async () => {
  await fc.assert(
    fc.asyncProperty(members, async (list) => {
      const bytes = tar(list.map(({ size, ...rest }) => ({ ...rest, ...(size === undefined ? {} : { size }) })));
      const sought = await analyseSeekable(bufferContent(bytes), [echo], signal);
      const { facts: streamed } = await analyseStreamed(bufferContent(bytes), 'none', [echo], signal);
      expect(streamed.facts).toEqual(sought.facts);
      for (const { path } of sought.facts) expect(cleanPath(path)).toBe(path);
    }),
    fuzz(300),
  );
});

it('answers any manifest, index and config with an image or a refusal', () => {
  const digest = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom<unknown>(null, '', [], {}, '__proto__', `sha256:${'0'.repeat(64)}`));
  const config = fc.oneof(fc.json(), fc.record({ rootfs: fc.oneof(value, fc.record({ diff_ids: fc.oneof(value, fc.array(fc.string())) })), history: value, config: value, created: value, architecture: value }, { requiredKeys: [] }).map((one) => JSON.stringify(one)));
  fc.assert(
    fc.property(config, fc.oneof(value, fc.array(fc.record({ digest: fc.oneof(value, fc.constant(digest('x'))), size: value }, { requiredKeys: [] }))), fc.boolean(), value, (configText, layers, wellFormed, other) => {
      const manifest = JSON.stringify({ schemaVersion: 2, config: wellFormed ? { digest: digest(configText) } : other, layers });
      const index = JSON.stringify({ manifests: [{ digest: digest(manifest), platform: wellFormed ? null : other }] });
      const blobs = new Map([['index.json', index], ...[configText, manifest].map((text) => [`blobs/${digest(text).replace(':', '/')}`, text] as const)]);
      const store = { names: () => [], close: () => {}, get: (name: string) => (blobs.has(name) ? bufferContent(Buffer.from(blobs.get(name) ?? '')) : undefined) };
      try {
        const opened = openOciLayout(store, 'x', { platform: 'linux/amd64' });
        expect(opened.layers.length).toBe(opened.image.layers.length);
      } catch (error) {
        expect(error).toBeInstanceOf(UnreadableImage);
      }
    }),
    fuzz(400),
  );
});
