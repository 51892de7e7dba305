import type { Operator } from './operator.ts';

export const endsWith: Operator = (param) => (value, run) => {
  if (!value.endsWith(param)) return false;
  run.capture(0, param);
  return true;
};
