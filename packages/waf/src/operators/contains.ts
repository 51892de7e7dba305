import { requireText } from '../prefilter/requirement.ts';
import type { Operator, OperatorRun } from './operator.ts';

export const contains: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    const at = value.indexOf(param);
    if (at < 0) return false;
    run.found(at, param.length);
    run.capture(0, param);
    return true;
  }, { requires: () => requireText([param]) });
