import { requireByte } from '../prefilter/requirement.ts';
import { complement } from '../regex/byte-sets.ts';
import type { Operator, OperatorRun } from './operator.ts';

/** Matches when a byte lies outside the listed ranges. */
export const validateByteRange: Operator = (param) => {
  const allowed = new Uint8Array(256);
  for (const part of param.split(',')) {
    const range = /^\s*(\d+)(?:\s*-\s*(\d+))?\s*$/.exec(part);
    const low = Number(range?.[1]);
    const high = Number(range?.[2] ?? range?.[1]);
    if (range === null || low > high || high > 255) throw new Error(`bad byte range "${part.trim()}"`);
    allowed.fill(1, low, high + 1);
  }
  return Object.assign((value: string, run: OperatorRun) => {
    for (let at = 0; at < value.length; at += 1) {
      if (allowed[value.charCodeAt(at)] !== 0) continue;
      run.found(at, 1);
      return true;
    }
    return false;
  }, { requires: () => requireByte(complement(allowed)) });
};
