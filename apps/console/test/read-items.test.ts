import { gzipSync } from 'node:zlib';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PalisadeError } from '@palisade/model/error';
import type { Item } from '@palisade/model/wire';
import { readItems } from '../src/gateway/read-items.ts';
import type { Unreadable } from '../src/gateway/read-items.ts';

const limits = { items: 20, compressedBytes: 20_000, bytes: 50_000, lineBytes: 20_000 };

/** The bytes in pieces cut at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Readable {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return Readable.from([...ends, bytes.length].map((end, n) => bytes.subarray(n === 0 ? 0 : ends[n - 1], end)).filter((part) => part.length > 0));
}

/** Items, or the refusal that a sender can read; anything else fails the property. */
async function read(bytes: Buffer, cuts: readonly number[] = []): Promise<readonly (Item | Unreadable)[] | string> {
  try {
    const { items, unreadable } = await readItems(pieces(bytes, cuts), limits);
    return [...items, ...unreadable];
  } catch (error) {
    if (error instanceof PalisadeError && (error.code === 'bad-request' || error.code === 'too-large')) return error.code;
    throw error;
  }
}

const item = fc.record({ id: fc.string({ minLength: 1, maxLength: 30 }), kind: fc.constantFrom('scan', 'gaps', 'future-kind'), at: fc.constant('2026-11-24T00:00:00.000Z'), body: fc.jsonValue({ maxDepth: 3 }) });

it('reads what was sent, however the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 20 }), fc.array(fc.nat(), { maxLength: 8 }), fc.boolean(), async (items, cuts, lastNewline) => {
      const text = items.map((one) => JSON.stringify(one)).join('\n') + (lastNewline ? '\n' : '');
      const answer = await read(gzipSync(text), cuts);
      // What Postgres cannot hold is replaced on the way in, so only counts and kinds are compared.
      expect(Array.isArray(answer) ? answer.map((one) => one.kind) : answer).toEqual(items.map((one) => one.kind));
    }),
    { numRuns: 150 },
  );
});

it('answers hostile bytes with items or a refusal, never a crash or a hang', async () => {
  const line = fc.oneof(item.map((one) => JSON.stringify(one)), fc.string({ maxLength: 60 }), fc.constantFrom('{', '[]', 'null', '{"id":"a","kind":"A B","at":"x"}', '\u0000', '{"__proto__":{"x":1}}', '['.repeat(5000), '"\\ud800"'));
  const packed = fc.array(line, { maxLength: 30 }).map((lines) => gzipSync(lines.join('\n')));
  const bytes = fc.oneof(
    packed,
    fc.uint8Array({ maxLength: 300 }).map((raw) => Buffer.from(raw)),
    fc.tuple(packed, fc.nat(), fc.nat(255)).map(([good, at, value]) => {
      const bad = Buffer.from(good);
      bad[at % bad.length] = value;
      return bad;
    }),
    fc.tuple(packed, fc.nat()).map(([good, cut]) => good.subarray(0, cut % good.length)),
    fc.tuple(packed, packed).map((two) => Buffer.concat(two)),
  );
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(bytes, fc.array(fc.nat(), { maxLength: 5 }), async (body, cuts) => {
      if (!Array.isArray(await read(body, cuts))) refused += 1;
    }),
    { numRuns: 400 },
  );
  expect(refused).toBeGreaterThan(50);
});

it('holds every limit while reading', async () => {
  const one = JSON.stringify({ id: 'a', kind: 'gaps', at: '2026-11-24T00:00:00.000Z', body: 1 });
  expect(await read(gzipSync(Array.from({ length: 21 }, () => one).join('\n')))).toBe('too-large');
  expect(await read(gzipSync(`${one}\n${' '.repeat(60_000)}`))).toBe('too-large');
  expect(await read(gzipSync('x'.repeat(25_000)))).toBe('too-large');
  // A megabyte of zeros packs into a kilobyte: ended by the unpacked limit, not kept.
  expect(await read(gzipSync(Buffer.alloc(1 << 20)))).toBe('too-large');
  expect(await read(Buffer.alloc(0))).toBe('bad-request');
});

it('sets aside a line that is no item, with its reason, and reads the others', async () => {
  const good = { id: 'a', kind: 'gaps', at: '2026-11-24T00:00:00.000Z', body: 1 };
  const lines = [JSON.stringify(good), 'not json', JSON.stringify({ id: 'b', kind: 'Not-A-Kind', at: good.at, body: {} }), JSON.stringify({ ...good, id: 'c', at: 'yesterday' }), '[1]', JSON.stringify({ ...good, id: 'd', signature: 'of a later release' })];
  const { items, unreadable } = await readItems(Readable.from([gzipSync(lines.join('\n'))]), limits);
  expect(items.map((one) => one.id)).toEqual(['a', 'd']);
  expect(unreadable.map(({ id, kind, reason }) => [id.replace(/^line-.*/, 'line'), kind, /^line \d+: \S/.test(reason)])).toEqual([['line', 'unreadable', true], ['b', 'Not-A-Kind', true], ['c', 'gaps', true], ['line', 'unreadable', true]]);
});
