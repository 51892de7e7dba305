import type { Operator } from './operator.ts';

/** A lookup in a source this engine is not given: it answers "no match" and says so as a gap each time. */
const unavailable = (word: string): Operator => () => (_, run) => {
  run.gap?.('operator-unavailable', `@${word} needs a source that is not configured`);
  return false;
};

export const rbl = unavailable('rbl');
