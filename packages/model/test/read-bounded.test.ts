import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { readBounded } from '../src/read-bounded.ts';

const chunks = (...texts: string[]): Readable => Readable.from(texts.map((text) => Buffer.from(text)));

it('joins what fits its limit exactly and ends a stream that says one byte more', async () => {
  expect((await readBounded(chunks('ab', 'cd'), 4, () => new Error('large'))).toString()).toBe('abcd');
  const endless = Readable.from((function* () {
    for (;;) yield Buffer.alloc(1000);
  })());
  await expect(readBounded(endless, 4, (limit) => new Error(`over ${limit}`))).rejects.toThrow('over 4');
  expect(endless.destroyed).toBe(true);
});
