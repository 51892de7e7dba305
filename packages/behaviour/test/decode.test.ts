import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstSyscall, kinds, maxRecord, recordSize, socketInfoSize, syscalls, tags } from '../src/decode.gen.ts';
import { createRecordStream, decodeRecord, emptyRecord, socketOf, stringsOf, syscallName, textOf } from '../src/decode.ts';

function makeRecord(kind: number, fields: readonly (readonly [tag: number, bytes: Buffer])[]): Buffer {
  const size = recordSize + fields.reduce((sum, [, bytes]) => sum + 4 + bytes.length, 0);
  const out = Buffer.alloc(size);
  out.writeUInt32LE(size, 0);
  out.writeUInt16LE(kind, 4);
  let at = recordSize;
  for (const [tag, bytes] of fields) {
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(bytes.length, at + 2);
    bytes.copy(out, at + 4);
    at += 4 + bytes.length;
  }
  return out;
}

test('fields of a record are found by their tag, absent ones are undefined', () => {
  const socket = Buffer.alloc(socketInfoSize);
  socket.writeUInt16LE(2, 0);
  socket.writeUInt16LE(443, 10);
  const record = emptyRecord();
  decodeRecord(makeRecord(kinds.exec, [[tags.argv, Buffer.from('sh\0-c\0\0')], [tags.exe, Buffer.from('/bin/é')], [tags.stdio, socket]]), 0, record);
  expect(record.header.kind).toBe(kinds.exec);
  expect(stringsOf(record, tags.argv)).toEqual(['sh', '-c', '']);
  expect(textOf(record, tags.exe)).toBe('/bin/é');
  expect(socketOf(record, tags.stdio)).toMatchObject({ family: 2, remotePort: 443 });
  expect(textOf(record, tags.cwd)).toBeUndefined();
});

test('a syscall kind has its name and others none', () => {
  expect(syscallName(firstSyscall + syscalls.findIndex((call) => call.name === 'openat'))).toBe('openat');
  expect(syscallName(kinds.exec)).toBeUndefined();
});

test('a stream gives the same records however it is cut', () => {
  const texts = fc.array(fc.string({ maxLength: 50 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(texts, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (names, cuts) => {
      const whole = Buffer.concat(names.map((name) => makeRecord(kinds.exit, [[tags.text, Buffer.from(name)]])));
      const seen: (string | undefined)[] = [];
      const stream = createRecordStream((record) => void seen.push(textOf(record, tags.text)));
      let at = 0;
      for (let turn = 0; at < whole.length; turn += 1) {
        const length = cuts[turn % cuts.length] ?? 1;
        stream.push(whole.subarray(at, at + length));
        at += length;
      }
      expect(seen).toEqual(names.map((name) => Buffer.from(name).toString()));
    }),
  );
});

test('hostile bytes end in records or in a named error, never in a read past the end', () => {
  const record = emptyRecord();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), (bytes, repair) => {
      const buffer = Buffer.from(bytes);
      if (repair && buffer.length >= 4) buffer.writeUInt32LE(Math.min(buffer.length, maxRecord), 0);
      try {
        decodeRecord(buffer, 0, record);
        for (let index = 0; index < record.fields; index += 1) {
          expect((record.starts[index] ?? 0) + (record.lengths[index] ?? 0)).toBeLessThanOrEqual(buffer.length);
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'sensor-record' });
      }
    }),
    { numRuns: 2000 },
  );
});

test('a size outside the limits stops the stream', () => {
  const bad = makeRecord(kinds.exit, []);
  bad.writeUInt32LE(maxRecord + 1, 0);
  expect(() => createRecordStream(() => undefined).push(bad)).toThrow(/size/);
});
