import type { Operator } from './operator.ts';

/** A plain substring, kept from ModSecurity 2. */
export const strmatch: Operator = (param) => (value, run) => {
  const at = value.indexOf(param);
  if (at >= 0) run.found(at, param.length);
  return at >= 0;
};
