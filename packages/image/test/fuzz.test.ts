import fc from 'fast-check';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { bufferContent } from '../src/content.ts';
import { compressionOf } from '../src/layer/decompress.ts';
import { analyseSeekable } from '../src/layer/seekable.ts';
import { analyseStreamed } from '../src/layer/streamed.ts';
import { cleanPath } from '../src/path.ts';
import { echo } from './reader.ts';
import { tar } from './tar-writer.ts';

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
    { numRuns: 300 },
  );
});

it('reads any damaged gzip stream without a crash', async () => {
  const packed = gzipSync(good);
  await fc.assert(
    fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), async (at, value) => {
      const copy = Buffer.from(packed);
      copy[at] = value;
      const { facts } = await analyseStreamed(bufferContent(copy), 'gzip', [echo], signal);
      expect(facts.facts.length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 100 },
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
