import { requireText } from '../prefilter/requirement.ts';
import type { Operator, OperatorRun } from './operator.ts';

const word = /[A-Za-z0-9_]/;

/** The parameter must stand between bytes that are no word characters. */
export const containsWord: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    if (param === '') return true;
    for (let at = value.indexOf(param); at >= 0; at = value.indexOf(param, at + 1)) {
      if (!word.test(value[at - 1] ?? '') && !word.test(value[at + param.length] ?? '')) {
        run.found(at, param.length);
        run.capture(0, param);
        return true;
      }
    }
    return false;
  }, { requires: () => requireText([param]) });
