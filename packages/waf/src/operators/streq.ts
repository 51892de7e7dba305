import { requireText } from '../prefilter/requirement.ts';
import type { Operator, OperatorRun } from './operator.ts';

export const streq: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    if (value !== param) return false;
    run.capture(0, value);
    return true;
  }, { requires: () => requireText([param]) });
