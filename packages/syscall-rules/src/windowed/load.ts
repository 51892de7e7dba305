import { parseDuration } from '@palisade/model/duration';
import { messageOf } from '@palisade/model/error';
import { LineCounter, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { ConditionError } from '../condition/parse.ts';
import type { Check } from '../compile/comparison.ts';
import { EventTypeError } from '../compile/comparison.ts';
import type { Operand } from '../compile/operand.ts';
import { FieldError } from '../compile/operand.ts';
import type { Event } from '../event.ts';
import type { Priority } from '../documents/item.ts';
import { priorities } from '../documents/item.ts';
import type { Problem } from '../documents/problem.ts';
import { ResolveError } from '../documents/resolve.ts';
import type { FieldContext, FieldValue } from '../fields/field.ts';
import type { Template } from '../output/template.ts';
import { compileTemplate } from '../output/template.ts';
import type { RuleFile, Ruleset } from '../ruleset.ts';
import type { WindowedRule } from './document.ts';
import { WindowedRules } from './document.ts';
import type { MarkRule } from './marks.ts';

/** A windowed rule ready to count. `within` and `atLeast` are ns. */
export type CompiledWindow = {
  readonly name: string;
  readonly id: string;
  readonly desc: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly file: string;
  readonly line: number;
  readonly condition: Ruleset['rules'][number]['condition'];
  readonly eventTypes: readonly number[];
  readonly check: Check;
  readonly after: MarkRule | undefined;
  readonly unless: MarkRule | undefined;
  readonly afterCount: number;
  key(event: Event): string;
  distinct: ((event: Event) => string) | undefined;
  sum: { value(event: Event): number; readonly atLeast: number } | undefined;
  readonly regular: { readonly spread: number; readonly atLeast: number } | undefined;
  readonly count: number;
  readonly within: number;
  readonly output: Template;
};

/** True for the text of a windowed-rules document, whatever else is wrong with it. */
export function isWindowedFile(content: string): boolean {
  return /^kind:\s*['"]?WindowedRules\b/m.test(content);
}

/** Loads windowed-rule files on top of the macros and lists of a rule set. */
export function loadWindowed(files: readonly RuleFile[], ruleset: Ruleset, context: FieldContext): { readonly windows: readonly CompiledWindow[]; readonly problems: readonly Problem[] } {
  const windows: CompiledWindow[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const counter = new LineCounter();
    const document = parseDocument(file.content, { lineCounter: counter, logLevel: 'silent' });
    const problem = (line: number, message: string, more: Partial<Problem> = {}): void => void problems.push({ severity: 'error', code: 'windowed', file: file.name, line, message, ...more });
    const line = (...path: (string | number)[]): number => {
      for (let length = path.length; length >= 0; length -= 1) {
        const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
        if (isMap(node) || isSeq(node) || isScalar(node)) return counter.linePos(node.range?.[0] ?? 0).line;
      }
      return 1;
    };
    if (document.errors.length > 0) {
      problem(document.errors[0]?.linePos?.[0].line ?? 1, (document.errors[0]?.message ?? '').split('\n')[0] ?? '', { code: 'yaml' });
      continue;
    }
    let value: unknown;
    try {
      value = document.toJS({ maxAliasCount: 0 });
    } catch (error) {
      // An alias can unfold a few lines into a machine's memory; no rule file needs one.
      problem(1, `aliases are not read: ${messageOf(error)}`, { code: 'yaml' });
      continue;
    }
    const parsed = WindowedRules.safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) problem(line(...(issue.path as (string | number)[])), `${issue.path.join('.')}: ${issue.message}`);
      continue;
    }
    for (const [index, rule] of parsed.data.spec.rules.entries()) {
      const at = line('spec', 'rules', index);
      try {
        windows.push(compileWindow(rule, file.name, at, ruleset, context));
      } catch (error) {
        if (!(error instanceof ConditionError)) throw error;
        const code = error instanceof FieldError ? { code: 'field', field: error.field } : error instanceof EventTypeError ? { code: 'event' } : { code: error instanceof ResolveError ? error.code : 'condition' };
        problem(at, error.message, { item: `rule "${rule.rule}"`, ...code });
      }
    }
  }
  return { windows, problems };
}

function compileWindow(rule: WindowedRule, file: string, line: number, ruleset: Ruleset, context: FieldContext): CompiledWindow {
  const priority = priorities.find((known) => known.toLowerCase() === rule.priority.toLowerCase()) ?? (rule.priority.toLowerCase() === 'info' ? 'Informational' : undefined);
  if (priority === undefined) throw new ConditionError(`priority "${rule.priority}" is none of ${priorities.join(', ')}`, 0);
  const main = ruleset.compile(rule.condition, file, line);
  const operand = (text: string): Operand => ruleset.operand(text);
  const joined = (texts: readonly string[]) => {
    const operands = texts.map(operand);
    const [only, second, third] = operands.map(({ get }) => get);
    if (operands.length === 1 && only !== undefined) return (event: Event) => plain(only(event));
    if (operands.length === 2 && only !== undefined && second !== undefined) return (event: Event) => `${plain(only(event))}\u0000${plain(second(event))}`;
    if (operands.length === 3 && only !== undefined && second !== undefined && third !== undefined) return (event: Event) => `${plain(only(event))}\u0000${plain(second(event))}\u0000${plain(third(event))}`;
    return (event: Event) => operands.map(({ get }) => plain(get(event))).join('\u0000');
  };
  const key = joined(rule.key);
  const mark = (name: 'after' | 'unless', condition: string | undefined, fields: readonly string[] | undefined): MarkRule | undefined => {
    if (condition === undefined) {
      if (fields !== undefined) throw new ConditionError(`${name}Key stands without ${name}`, 0);
      return undefined;
    }
    if (fields !== undefined && fields.length > rule.key.length) throw new ConditionError(`${name}Key has ${fields.length} fields, key has ${rule.key.length}: they are compared one by one`, 0);
    const compiled = ruleset.compile(condition, file, line);
    return { condition: compiled.condition, check: compiled.check, eventTypes: compiled.eventTypes, key: fields === undefined ? key : joined(fields), mainKey: fields === undefined || fields.length === rule.key.length ? undefined : joined(rule.key.slice(0, fields.length)) };
  };
  const sum = rule.sum === undefined ? undefined : operand(rule.sum.field);
  if (sum !== undefined && sum.type !== 'number') throw new ConditionError(`sum.field "${rule.sum?.field ?? ''}" is no number`, 0);
  const output = rule.output.replaceAll(/%window\.(count|distinct|sum|seconds)/g, '\u0001$1\u0001');
  return {
    name: rule.rule, id: rule.tags.find((tag) => /^palisade_R\w+$/.test(tag)) ?? rule.rule, desc: rule.desc, priority, tags: rule.tags, enabled: rule.enabled, file, line,
    condition: main.condition, eventTypes: main.eventTypes, check: main.check,
    after: mark('after', rule.after, rule.afterKey),
    unless: mark('unless', rule.unless, rule.unlessKey),
    afterCount: rule.afterCount,
    key,
    distinct: rule.distinct === undefined ? undefined : joined(rule.distinct),
    sum: sum === undefined ? undefined : { value: (event) => Math.max(0, Number(sum.get(event) ?? 0)), atLeast: rule.sum?.atLeast ?? 0 },
    regular: rule.regular === undefined ? undefined : { spread: rule.regular.spread, atLeast: (parseDuration(rule.regular.atLeast) ?? 0) * 1e6 },
    count: rule.count,
    within: (parseDuration(rule.within) ?? 0) * 1e6,
    output: compileTemplate(output, { ...context, usage: 'output', used: () => undefined }),
  };
}

function plain(value: FieldValue): string {
  // Of a file's two names, the one where links led: it is what an executed file is called.
  if (typeof value === 'string') return value;
  return Array.isArray(value) ? String(value.at(-1)) : String(value);
}

