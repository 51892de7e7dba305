import { leadingInteger } from '../bytes.ts';
import type { Operator } from './operator.ts';

const compare = (holds: (value: number, param: number) => boolean): Operator => (param) => {
  const bound = leadingInteger(param);
  return Object.assign((value: string) => holds(leadingInteger(value), bound), { number: (value: number) => holds(value, bound) });
};

/** Numbers are read as C's atoi reads them: what is no number counts as 0. */
export const eq = compare((value, param) => value === param);
export const ge = compare((value, param) => value >= param);
export const gt = compare((value, param) => value > param);
export const le = compare((value, param) => value <= param);
export const lt = compare((value, param) => value < param);
