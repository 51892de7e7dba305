import type { Operator } from './operator.ts';

/** libinjection's HTML5 tokenizer. */
export const detectXss: Operator = (_, context) => (value, run) => {
  if (!context.detection.xss(value)) return false;
  run.capture(0, value);
  return true;
};
