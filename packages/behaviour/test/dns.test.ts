import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseDns } from '../src/dns/message.ts';

const answer = Buffer.from('1234818000010002000000000377777706736f6d65687403636f6d0000010001c00c000500010000003c0005026e73c010c02c000100010000003c00040a000001', 'hex');

test('an answer gives the addresses behind its aliases', () => {
  expect(parseDns(answer)).toEqual({ question: 'www.someht.com', type: 1, answer: true, addresses: ['10.0.0.1'] });
});

test('a name that points at itself is no name', () => {
  expect(parseDns(Buffer.from('123401000001000000000000c00c00010001', 'hex'))).toBeUndefined();
});

test('any bytes are read or are no message', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
    const message = parseDns(Buffer.from(bytes));
    if (message !== undefined) expect(message.question.length).toBeLessThan(128 * 64);
  }), { numRuns: 2000 });
  fc.assert(fc.property(fc.nat(answer.length - 1), fc.nat(255), (at, value) => {
    const changed = Buffer.from(answer);
    changed[at] = value;
    parseDns(changed);
  }), { numRuns: 2000 });
});
