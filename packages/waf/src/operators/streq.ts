import type { Operator } from './operator.ts';

export const streq: Operator = (param) => (value, run) => {
  if (value !== param) return false;
  run.capture(0, value);
  return true;
};
