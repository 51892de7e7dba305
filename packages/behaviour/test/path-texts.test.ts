import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fieldAt, textAt } from '../src/decode.ts';
import { tags } from '../src/decode.gen.ts';
import { absolutePath } from '../src/event/absolute.ts';
import { createPathTexts } from '../src/event/path-texts.ts';
import { makeRecord } from './make-record.ts';

// Names that differ in one byte, of every length around a word's and the longest kept; and some that are no UTF-8.
const name = fc.oneof(
  fc.tuple(fc.constantFrom('/etc/passwd', '/etc/passwe', '/', '/a', '/home/shop/.cache/index', '/var//lib/./x/../y/', 'relative/../name'), fc.string({ maxLength: 3 })).map(([start, end]) => Buffer.from(start + end)),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  fc.tuple(fc.integer({ min: 120, max: 140 }), fc.constantFrom('a', 'b')).map(([length, last]) => Buffer.from(`/${'x'.repeat(length)}${last}`)),
);

it('kept texts are those that the bytes spell, whatever was kept before', () => {
  const texts = createPathTexts();
  fc.assert(fc.property(fc.array(name, { minLength: 1, maxLength: 40 }), (list) => {
    for (const bytes of list) {
      const record = makeRecord('openat', 1, { pid: 1 }, [[tags.arg, bytes]]);
      const index = fieldAt(record, tags.arg);
      const plain = textAt(record, index);
      expect(texts.text(record, index)).toBe(plain);
      if (plain.startsWith('/')) expect(texts.absolute(record, index)).toBe(absolutePath('/', plain));
    }
  }), { numRuns: 500 });
});

it('thousands of different names push each other out and stay right', () => {
  const texts = createPathTexts();
  for (let turn = 0; turn < 40_000; turn += 1) {
    const text = `/data/${turn % 2 === 0 ? turn : turn % 100}`;
    const record = makeRecord('openat', 1, { pid: 1 }, [[tags.arg, text]]);
    if (texts.text(record, fieldAt(record, tags.arg)) !== text) throw new Error(`${text} came back as another name`);
  }
});
