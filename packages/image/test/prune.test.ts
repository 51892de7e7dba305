import { existsSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { folderStore } from '../src/cache/folder-store.ts';
import { pruneStore } from '../src/cache/prune.ts';
import { temporaryFolder } from './reader.ts';

const now = Date.parse('2026-01-31T00:00:00Z');
const day = 86_400_000;
const limits = { bytes: 250, age: 30 * day, between: day };

/** A store with entries of 100 bytes, by how many days ago each was used. */
function filled(ages: readonly number[]): { folder: string; left(): number[] } {
  const folder = temporaryFolder();
  const store = folderStore(folder);
  const keyOf = (age: number): string => String(age).padStart(64, '0');
  const fileOf = (age: number): string => path.join(folder, keyOf(age).slice(0, 2), `${keyOf(age).slice(2)}.json.zst`);
  for (const age of ages) {
    store.write(keyOf(age), Buffer.alloc(100));
    utimesSync(fileOf(age), (now - age * day) / 1000, (now - age * day) / 1000);
  }
  return { folder, left: () => ages.filter((age) => existsSync(fileOf(age))) };
}

it('removes what is old, and the longest unused beyond the size', () => {
  const { folder, left } = filled([1, 40, 2, 3]);
  expect(pruneStore(folder, now, limits)).toBe(2);
  expect(left()).toEqual([1, 2]);
});

it('looks once a day', () => {
  const { folder, left } = filled([40]);
  expect(pruneStore(folder, now - 20 * day, limits)).toBe(0);
  expect(pruneStore(folder, now - 19.5 * day, { ...limits, age: 0 })).toBe(0);
  expect(left()).toEqual([40]);
  expect(pruneStore(folder, now, limits)).toBe(1);
  expect(left()).toEqual([]);
});

it('keeps what was asked for lately, and does nothing where there is no folder', () => {
  const { folder } = filled([20]);
  const key = '20'.padStart(64, '0');
  expect(folderStore(folder).read(key)).toHaveLength(100);
  expect(Date.now() - statSync(path.join(folder, key.slice(0, 2), `${key.slice(2)}.json.zst`)).mtimeMs).toBeLessThan(day);
  expect(pruneStore(path.join(folder, 'none'), now, limits)).toBe(0);
  expect(existsSync(path.join(folder, 'none'))).toBe(false);
});
