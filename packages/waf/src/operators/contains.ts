import type { Operator, OperatorRun } from './operator.ts';

export const contains: Operator = (param) =>
  Object.assign((value: string, run: OperatorRun) => {
    if (!value.includes(param)) return false;
    run.capture(0, param);
    return true;
  }, { needs: [param] });
