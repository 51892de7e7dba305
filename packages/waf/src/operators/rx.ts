import type { Requirement } from '../prefilter/requirement.ts';
import { requirementOf } from '../prefilter/requirement.ts';
import type { Node } from '../regex/syntax.ts';
import type { Pattern } from '../regex/translate.ts';
import { safeLength } from '../regex/cost.ts';
import { longValue, searchLong } from '../regex/long-values.ts';
import { moveReturns, restoreReturns, translate } from '../regex/translate.ts';
import type { Operator, OperatorRun } from './operator.ts';

function captureAll(groups: readonly (string | undefined)[], run: OperatorRun): void {
  for (let index = 0; index < groups.length && index < 10; index += 1) {
    const value = groups[index];
    if (value !== undefined) run.capture(index, value);
  }
}

/** What a pattern requires, worked out when first asked; the pattern's parts, which take more memory than all else of it, are let go then. */
function requirement(parts: Node): () => Requirement {
  let root: Node | undefined = parts;
  let made: Requirement | undefined;
  return () => {
    if (root !== undefined) made = requirementOf(root);
    root = undefined;
    return made!;
  };
}

type Hit = { readonly index: number; readonly groups: readonly (string | undefined)[] };

/**
 * Searches a value in bounded time. Where only V8's backtracking engine takes a pattern and the value is longer than it is
 * surely through with, a matcher that counts its steps decides; where it takes too many, a linear form: the same pattern
 * with its counts written out, or a weaker one. What the weaker one doesn't match the exact one doesn't either; where it
 * matches, the rule fires (negated or not), which is a gap and sets MSC_PCRE_LIMITS_EXCEEDED.
 */
function search(pattern: Omit<Pattern, 'root'>, value: string, run: OperatorRun): Hit | undefined {
  const { source, regex, oneLine, lines, groups, limit, trailing } = pattern;
  // Rules ask for "anything" and "nothing" of every request.
  if (source === '^.*$' && !value.includes('\n')) return { index: 0, groups: [value] };
  if (source === '^$' && value !== '' && !value.includes('\n')) return undefined;
  if (value.length > limit) {
    const { beyond } = pattern;
    const counted = pattern.bounded?.(value);
    if (counted !== 'exceeded') return counted;
    const found = beyond.regex.exec(moveReturns(value));
    if (found === null) return undefined;
    const groups = beyond.groups.map((group) => found[group] === undefined ? undefined : restoreReturns(found[group]));
    if (beyond.exact) return { index: found.index, groups };
    run.gap?.('limit-regex', `a search took too many steps; the value matches a weaker form of the pattern`);
    run.limitExceeded?.();
    return run.negated === true ? undefined : { index: found.index, groups };
  }
  if (!value.includes('\n')) {
    const found = value.length < longValue ? oneLine.exec(value) : searchLong(oneLine, value);
    return found === null ? undefined : { index: found.index, groups: groups.map((group) => found[group]) };
  }
  // V8 takes the place behind a last newline for the start of a line. Where that could decide, short values are searched
  // with PCRE's meaning spelled out; in longer ones such a match is taken for one.
  const found = value.endsWith('\n') && !trailing && value.length <= shortValue ? regex.exec(value) : value.length < longValue ? lines.exec(moveReturns(value)) : searchLong(lines, moveReturns(value));
  return found === null ? undefined : { index: found.index, groups: groups.map((group) => found[group] === undefined ? undefined : restoreReturns(found[group])) };
}

/** Values up to this length are searched in good time by any pattern of a rule set. */
const shortValue = 300;

/** A PCRE pattern searched for anywhere in the value. */
export const rx: Operator = (param) => {
  const { root, ...pattern } = translate(param);
  const match = (value: string, run: OperatorRun): boolean => {
    const found = search(pattern, value, run);
    if (found === undefined) return false;
    captureAll(found.groups, run);
    run.found(found.index, found.groups[0]!.length);
    return true;
  };
  return Object.assign(match, { requires: requirement(root) });
};

/** Like rx, but captures of every match are stored one after the other; of a value that may take long, those of the first. */
export const rxGlobal: Operator = (param) => {
  const { root, ...pattern } = translate(param);
  const regex = new RegExp(pattern.regex.source, 'g');
  const limit = Math.min(pattern.limit, safeLength(root));
  const match = (value: string, run: OperatorRun): boolean => {
    if (value.length > limit) {
      const found = search(pattern, value, run);
      if (found === undefined) return false;
      run.gap?.('limit-regex', `@rxGlobal captures the first match only in a value longer than ${limit} bytes`);
      run.limitExceeded?.();
      captureAll(found.groups, run);
      run.found(found.index, found.groups[0]!.length);
      return true;
    }
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
  return Object.assign(match, { requires: requirement(root) });
};
