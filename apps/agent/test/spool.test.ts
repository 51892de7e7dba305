import { appendFileSync, mkdtempSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Item } from '@palisade/model/wire';
import { openSpool } from '../src/spool/spool.ts';
import type { Spool } from '../src/spool/spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const item = (n: number, fill = ''): Item => ({ id: `i${n}`, kind: 'test', at: new Date(1_700_000_000_000 + n * 1000).toISOString(), body: { n, fill } });
const small = { segmentBytes: 400, totalBytes: 1 << 20 };

function drain(spool: Spool): string[] {
  const ids: string[] = [];
  for (let batch = spool.next(); batch !== undefined; batch = spool.next()) {
    ids.push(...batch.lines.map((line) => (JSON.parse(line) as Item).id));
    batch.commit();
  }
  return ids;
}

it('gives items in their order, over many segments, once committed never again', () => {
  const spool = openSpool(folder, small);
  for (let n = 0; n < 20; n += 1) spool.append(item(n));
  expect(readdirSync(folder).length).toBeGreaterThan(2);
  expect(drain(spool)).toEqual(Array.from({ length: 20 }, (_, n) => `i${n}`));
  expect(readdirSync(folder)).toEqual([]);
  spool.append(item(20));
  expect(drain(spool)).toEqual(['i20']);
});

it('keeps what was not committed when the process dies without closing', () => {
  const first = openSpool(folder, small);
  for (let n = 0; n < 5; n += 1) first.append(item(n));
  first.next();
  // No close, no commit; then a new process.
  const second = openSpool(folder, small);
  second.append(item(5));
  expect(drain(second)).toEqual(['i0', 'i1', 'i2', 'i3', 'i4', 'i5']);
});

it('passes over a line that a crash cut off, and damaged ones', () => {
  const first = openSpool(folder, { ...small, segmentBytes: 1 << 20 });
  first.append(item(1));
  first.close();
  const [name = ''] = readdirSync(folder);
  appendFileSync(path.join(folder, name), 'not json\n{"id":"torn","kind":"te');
  const second = openSpool(folder, small);
  second.append(item(2));
  expect(drain(second)).toEqual(['i1', 'i2']);
});

it('drops the oldest first when the disk is full, and counts them with their time range', () => {
  let room = 2000;
  const spool = openSpool(folder, small, (fd, bytes) => {
    const held = spool.size();
    if (held + bytes.length > room) {
      writeSync(fd, bytes, 0, 3);
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    }
    writeSync(fd, bytes);
  });
  for (let n = 0; n < 60; n += 1) spool.append(item(n));
  const dropped = spool.takeDropped();
  const kept = drain(spool);
  expect(kept.at(-1)).toBe('i59');
  expect(kept.length + (dropped?.count ?? 0)).toBe(60);
  expect(dropped?.since).toBe(item(0).at);
  expect(dropped?.until).toBe(item((dropped?.count ?? 0) - 1).at);
  expect(spool.takeDropped()).toBeUndefined();
  room = 0;
  spool.append(item(61));
  expect(spool.takeDropped()?.count).toBe(1);
});

it('keeps its own bound without a full disk', () => {
  const spool = openSpool(folder, { segmentBytes: 300, totalBytes: 1500 });
  for (let n = 0; n < 100; n += 1) spool.append(item(n));
  expect(spool.size()).toBeLessThanOrEqual(1500);
  expect(drain(spool).length + (spool.takeDropped()?.count ?? 0)).toBe(100);
});

it('does not forget a batch that was dropped and replaced while it was being sent', () => {
  const spool = openSpool(folder, { segmentBytes: 100, totalBytes: 600 });
  for (let n = 0; n < 4; n += 1) spool.append(item(n));
  const sending = spool.next();
  for (let n = 4; n < 12; n += 1) spool.append(item(n));
  sending?.commit();
  const dropped = spool.takeDropped()?.count ?? 0;
  expect(drain(spool).length + dropped).toBe(12);
});

it('any mix of appends, commits and restarts loses nothing and keeps the order', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('append', 'send', 'resend', 'restart'), { maxLength: 60 }), (steps) => {
      const here = mkdtempSync(path.join(folder, 'run-'));
      let spool = openSpool(here, small);
      let n = 0;
      const seen: string[] = [];
      for (const step of steps) {
        if (step === 'append') spool.append(item(n++));
        else if (step === 'restart') spool = openSpool(here, small);
        else {
          const batch = spool.next();
          seen.push(...(batch?.lines ?? []).map((line) => (JSON.parse(line) as Item).id));
          if (step === 'send') batch?.commit();
        }
      }
      seen.push(...drain(spool));
      expect([...new Set(seen)]).toEqual(Array.from({ length: n }, (_, i) => `i${i}`));
    }),
    { numRuns: 100 },
  );
});
