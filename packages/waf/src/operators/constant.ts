import type { Operator } from './operator.ts';

export const unconditionalMatch: Operator = () => () => true;
export const noMatch: Operator = () => () => false;
