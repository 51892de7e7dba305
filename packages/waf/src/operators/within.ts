import type { Operator } from './operator.ts';

/** The value must occur in the parameter. */
export const within: Operator = (param) => (value, run) => {
  if (!param.includes(value)) return false;
  run.capture(0, value);
  return true;
};
