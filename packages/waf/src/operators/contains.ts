import type { Operator } from './operator.ts';

export const contains: Operator = (param) => (value, run) => {
  if (!value.includes(param)) return false;
  run.capture(0, param);
  return true;
};
