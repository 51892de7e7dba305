import { requireByte } from '../prefilter/requirement.ts';
import { setOf } from '../regex/byte-sets.ts';
import type { Operator, OperatorRun } from './operator.ts';

/** libinjection's HTML5 tokenizer. */
export const detectXss: Operator = (_, context) =>
  // Every dangerous construct needs a tag or an attribute's value.
  Object.assign((value: string, run: OperatorRun) => {
    if (!context.detection.xss(value)) return false;
    run.capture(0, value);
    return true;
  }, { requires: () => requireByte(setOf(60, 61)) });
