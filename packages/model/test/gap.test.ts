import { expect, it } from 'vitest';
import { Gap, mergeGaps } from '../src/gap.ts';

const gap = { kind: 'limit-size', subject: 'a.jar', reason: 'larger than 64 MiB', count: 1 };

it('adds the counts of equal gaps and leaves the given ones alone', () => {
  expect(mergeGaps([gap, gap, { ...gap, subject: 'b.jar' }])).toEqual([{ ...gap, count: 2 }, { ...gap, subject: 'b.jar' }]);
  expect(gap.count).toBe(1);
});

it('refuses a gap that counts nothing', () => {
  expect(Gap.safeParse({ ...gap, count: 0 }).success).toBe(false);
});
