import { requirementOf } from '../prefilter/requirement.ts';
import type { Pattern } from '../regex/translate.ts';
import { translate } from '../regex/translate.ts';
import type { Operator, OperatorRun } from './operator.ts';

function captureAll(found: RegExpExecArray, pattern: Pattern, run: OperatorRun): void {
  for (let index = 0; index < pattern.groups.length && index < 10; index += 1) {
    const value = found[pattern.groups[index]!];
    if (value !== undefined) run.capture(index, value);
  }
}

/** A PCRE pattern searched for anywhere in the value. */
export const rx: Operator = (param) => {
  const pattern = translate(param);
  const { regex, oneLine } = pattern;
  const match = (value: string, run: OperatorRun): boolean => {
    const found = (value.includes('\n') ? regex : oneLine).exec(value);
    if (found === null) return false;
    captureAll(found, pattern, run);
    run.found(found.index, found[0].length);
    return true;
  };
  return Object.assign(match, { requires: () => requirementOf(pattern.root) });
};

/** Like rx, but captures of every match are stored one after the other. */
export const rxGlobal: Operator = (param) => {
  const pattern = translate(param);
  const regex = new RegExp(pattern.regex.source, 'g');
  const match = (value: string, run: OperatorRun): boolean => {
    let index = 0;
    for (const found of value.matchAll(regex)) {
      if (index === 0) run.found(found.index, found[0].length);
      for (const group of pattern.groups) {
        if (index < 10 && found[group] !== undefined) run.capture(index, found[group]);
        index += 1;
      }
      if (index >= 10) break;
    }
    return index > 0;
  };
  return Object.assign(match, { requires: () => requirementOf(pattern.root) });
};
