import { requireText } from '../prefilter/requirement.ts';
import type { Operator, OperatorRun } from './operator.ts';

export const beginsWith: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    if (!value.startsWith(param)) return false;
    run.found(0, param.length);
    run.capture(0, param);
    return true;
  }, { requires: () => requireText([param]) });
