import type { Operator } from './operator.ts';

export const beginsWith: Operator = (param) => (value, run) => {
  if (!value.startsWith(param)) return false;
  run.found(0, param.length);
  run.capture(0, param);
  return true;
};
