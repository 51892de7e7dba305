import { requireText } from '../prefilter/requirement.ts';
import type { Operator, OperatorRun } from './operator.ts';

export const endsWith: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    if (!value.endsWith(param)) return false;
    run.found(value.length - param.length, param.length);
    run.capture(0, param);
    return true;
  }, { requires: () => requireText([param]) });
