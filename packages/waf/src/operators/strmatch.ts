import type { Operator } from './operator.ts';

/** A plain substring, kept from ModSecurity 2. */
export const strmatch: Operator = (param) => (value) => value.includes(param);
