import { leadingInteger } from '../bytes.ts';
import type { Operator } from './operator.ts';

const compare = (holds: (value: number, param: number) => boolean, least: number, most: number): Operator => (param) => {
  const bound = leadingInteger(param);
  // Beyond 2^53 the neighbours of a number are itself.
  const range = Number.isSafeInteger(bound + 1) && Number.isSafeInteger(bound - 1) ? ([bound + least, bound + most] as const) : undefined;
  return Object.assign((value: string) => holds(leadingInteger(value), bound), { number: (value: number) => holds(value, bound), range });
};

/** Numbers are read as C's atoi reads them: what is no number counts as 0. */
export const eq = compare((value, param) => value === param, 0, 0);
export const ge = compare((value, param) => value >= param, 0, Infinity);
export const gt = compare((value, param) => value > param, 1, Infinity);
export const le = compare((value, param) => value <= param, -Infinity, 0);
export const lt = compare((value, param) => value < param, -Infinity, -1);
