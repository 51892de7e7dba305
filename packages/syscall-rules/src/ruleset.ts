import type { ConditionNode } from './condition/ast.ts';
import { ConditionError, parseCondition } from './condition/parse.ts';
import type { Check } from './compile/comparison.ts';
import { EventTypeError, neverEqual, operandFields } from './compile/comparison.ts';
import { compileCondition } from './compile/condition.ts';
import { atExit } from './compile/enter-events.ts';
import { eventTypesOf } from './compile/event-types-of.ts';
import type { FieldUse, Operand } from './compile/operand.ts';
import { FieldError, compileOperand } from './compile/operand.ts';
import type { CollectedRule, Collection } from './documents/collect.ts';
import { collect } from './documents/collect.ts';
import { exceptionCondition } from './documents/exception.ts';
import type { Item } from './documents/item.ts';
import type { Problem } from './documents/problem.ts';
import { ItemError } from './documents/problem.ts';
import { readRuleFile } from './documents/read.ts';
import type { Resolver } from './documents/resolve.ts';
import { ResolveError, createResolver, joinTexts } from './documents/resolve.ts';
import { eventTypes } from './event-types/table.ts';
import type { FieldContext } from './fields/field.ts';
import { compileTemplate } from './output/template.ts';
import type { Rule } from './rule.ts';

export type RuleFile = { readonly name: string; readonly content: string };
export type Ruleset = {
  readonly rules: readonly Rule[];
  readonly problems: readonly Problem[];
  readonly counts: { readonly rules: number; readonly macros: number; readonly lists: number };
  /** Macros and lists nothing has used so far: ask after everything is compiled. */
  unused(): readonly Problem[];
  /** Compiles a further condition with this set's macros and lists. Throws ConditionError. */
  compile(condition: string, file: string, line: number): { readonly condition: ConditionNode; readonly check: Check; readonly eventTypes: readonly number[] };
  /** Compiles a field or transformer such as "proc.name" or "basename(proc.exepath)". Throws ConditionError. */
  operand(text: string): Operand;
};

// What Falco's container plugin adds to every output, unless the rule prints it itself.
const suggested: readonly (readonly [label: string, field: string])[] = [
  ['container_id', 'container.id'], ['container_name', 'container.name'], ['container_image_repository', 'container.image.repository'], ['container_image_tag', 'container.image.tag'], ['k8s_pod_name', 'k8s.pod.name'], ['k8s_ns_name', 'k8s.ns.name'],
];

/**
 * Loads rule files, later ones changing earlier ones, and compiles every rule. Rules with an error are left out and
 * named in `problems`; the caller decides whether any error is fatal.
 */
export function loadRules(files: readonly RuleFile[], context: FieldContext): Ruleset {
  const items: Item[] = [];
  const problems: Problem[] = [];
  for (const file of files) {
    const read = readRuleFile(file.name, file.content);
    items.push(...read.items);
    problems.push(...read.problems);
  }
  const collection = collect(items);
  problems.push(...collection.problems);
  const resolver = createResolver(collection);
  const memo = new Map<ConditionNode, Check>();
  const rules: Rule[] = [];
  for (const rule of collection.rules.values()) {
    const compiled = compileRule(rule, resolver, context, memo, problems);
    if (compiled !== undefined) rules.push(compiled);
  }
  checkUnusedMacros(collection, resolver, context, problems);
  const free = { ...context, usage: 'condition' as const, used: () => undefined };
  return {
    rules,
    problems,
    counts: { rules: collection.rules.size, macros: collection.macros.size, lists: collection.lists.size },
    unused: () => unusedItems(collection, resolver),
    compile(text, file, line) {
      const condition = resolver.condition([{ value: text, file, lineAt: () => line }]);
      return { condition, check: compileCondition(condition, free, memo), eventTypes: eventTypesOf(condition) };
    },
    operand(text) {
      const node = parseCondition(`${text} exists`);
      if (node.kind !== 'exists') throw new ConditionError(`"${text}" is no field`, 0);
      return compileOperand(node.left, free);
    },
  };
}

// A macro nobody uses is still a text that must be right: its author would only find out later.
function checkUnusedMacros(collection: Collection, resolver: Resolver, context: FieldContext, problems: Problem[]): void {
  const used = new Set(resolver.usedMacros);
  for (const macro of collection.macros.values()) {
    if (used.has(macro.name)) continue;
    try {
      const trial = createResolver(collection);
      compileCondition(trial.condition(macro.parts), { ...context, usage: 'condition', used: () => undefined }, new Map());
    } catch (error) {
      problems.push(problemOf(error, { file: macro.file, line: macro.line, item: `macro "${macro.name}"`, locate: joinTexts(macro.parts).locate }, 'condition'));
    }
  }
}

function unusedItems(collection: Collection, resolver: Resolver): readonly Problem[] {
  const warning = (kind: string, item: { readonly name: string; readonly file: string; readonly line: number }): Problem => ({ severity: 'warning', code: 'unused', file: item.file, line: item.line, item: `${kind} "${item.name}"`, message: 'not used by any rule' });
  return [
    ...[...collection.macros.values()].filter((macro) => !resolver.usedMacros.has(macro.name)).map((macro) => warning('macro', macro)),
    ...[...collection.lists.values()].filter((list) => !resolver.usedLists.has(list.name)).map((list) => warning('list', list)),
  ];
}

type Where = { readonly file: string; readonly line: number; readonly item: string; locate(offset: number): { readonly file: string; readonly line: number } };

function problemOf(error: unknown, where: Where, code: string): Problem {
  if (error instanceof ItemError) return { severity: 'error', code: error.code, file: where.file, line: error.line, item: where.item, message: error.message };
  if (!(error instanceof ConditionError)) throw error;
  const located = error instanceof ResolveError ? error.located : where.locate(error.at);
  const more = error instanceof FieldError ? { code: 'field', field: error.field } : error instanceof EventTypeError ? { code: 'event' } : { code: error instanceof ResolveError ? error.code : code };
  return { severity: 'error', file: located.file, line: located.line, item: where.item, message: error.message, ...more };
}

function compileRule(rule: CollectedRule, resolver: Resolver, context: FieldContext, memo: Map<ConditionNode, Check>, problems: Problem[]): Rule | undefined {
  const item = `rule "${rule.name}"`;
  const joined = joinTexts(rule.condition);
  const where: Where = { file: rule.file, line: rule.line, item, locate: joined.locate };
  const warn = (code: string, message: string, at?: number): void => void problems.push({ severity: 'warning', code, ...(at === undefined ? { file: rule.file, line: rule.line } : joined.locate(at)), item, message });
  if (rule.source !== 'syscall') {
    // As in Falco without the plugin. What the rule is written with counts as used: its fields are the plugin's.
    warn('source', `source "${rule.source}" is a plugin's, and only syscall is known here: the rule is skipped`);
    try {
      resolver.condition(rule.condition);
    } catch (error) {
      problems.push(problemOf(error, where, 'condition'));
    }
    return undefined;
  }
  const fields = new Set<string>();
  const used = (use: FieldUse): void => {
    if (fields.has(use.name)) return;
    fields.add(use.name);
    if (use.deprecated !== undefined) warn('deprecated', `field "${use.name}" is deprecated: ${use.deprecated}`);
    if (use.unfilled !== undefined) warn('unfilled', `field "${use.name}" is empty in live events: ${use.unfilled}`);
  };
  try {
    const condition = atExit(withExceptions(resolver.condition(rule.condition), rule, resolver));
    // Fields in macros are compiled once for all rules, so what a rule reads is collected from its tree.
    const check = compileCondition(condition, { ...context, usage: 'condition', used }, memo);
    const types = eventTypesOf(condition);
    const read = fieldsOf(condition);
    if (types.length === eventTypes.length && rule.warnEvttypes) warn('event', 'matches every event type: it is asked about each event and slows all down');
    if (types.length === 0) warn('event', 'can never be true: no event type fits');
    for (const hint of hints(condition)) warn('condition', hint);
    const output = compileOutput(rule, { ...context, usage: 'output', used: () => undefined });
    return {
      name: rule.name, id: rule.tags.find((tag) => /^palisade_R\w+$/.test(tag)) ?? rule.name, desc: rule.desc, priority: rule.priority, tags: rule.tags, enabled: rule.enabled,
      file: rule.file, line: rule.line, condition, eventTypes: types, fields: read, check, output,
    };
  } catch (error) {
    const inOutput = error instanceof OutputError;
    const cause = inOutput ? error.reason : error;
    const problem = problemOf(cause, inOutput ? { ...where, locate: joinTexts(rule.output).locate } : where, inOutput ? 'output' : 'condition');
    const forgiven = rule.skipIfUnknownFilter && ((cause instanceof FieldError && cause.unknown) || cause instanceof EventTypeError);
    problems.push(forgiven ? { ...problem, severity: 'warning', message: `${problem.message}; the rule is skipped, as it asks for` } : problem);
    return undefined;
  }
}

class OutputError extends Error {
  readonly reason: unknown;
  constructor(reason: unknown) {
    super('output');
    this.reason = reason;
  }
}

function compileOutput(rule: CollectedRule, context: Parameters<typeof compileTemplate>[1]) {
  const text = joinTexts(rule.output).text;
  const missing = suggested.filter(([, field]) => !text.includes(`%${field}`) || (field === 'container.image' && !text.includes('%container.image')));
  try {
    return compileTemplate(text + missing.map(([label, field]) => ` ${label}=%${field}`).join(''), context);
  } catch (error) {
    throw new OutputError(error);
  }
}

function withExceptions(condition: ConditionNode, rule: CollectedRule, resolver: Resolver): ConditionNode {
  const exceptions = rule.exceptions.map(exceptionCondition).filter((node) => node !== undefined);
  if (exceptions.length === 0) return condition;
  return { kind: 'and', at: 0, children: [condition, ...exceptions.map((node): ConditionNode => ({ kind: 'not', at: 0, child: resolver.splice(node) }))] };
}

function walk(node: ConditionNode, visit: (node: ConditionNode) => void, seen = new Set<ConditionNode>()): void {
  if (seen.has(node)) return;
  seen.add(node);
  visit(node);
  if (node.kind === 'and' || node.kind === 'or') for (const child of node.children) walk(child, visit, seen);
  else if (node.kind === 'not') walk(node.child, visit, seen);
  else if (node.kind === 'expanded') walk(node.body, visit, seen);
}

function fieldsOf(condition: ConditionNode): readonly string[] {
  const names = new Set<string>();
  walk(condition, (node) => {
    if (node.kind === 'compare' || node.kind === 'exists') for (const name of operandNames(node)) names.add(name);
  });
  return [...names].sort();
}

function hints(condition: ConditionNode): readonly string[] {
  const found = new Set<string>();
  walk(condition, (node) => {
    if (node.kind !== 'compare') return;
    const hint = neverEqual(node);
    if (hint !== undefined) found.add(hint);
  });
  return [...found];
}

function operandNames(node: Extract<ConditionNode, { kind: 'compare' | 'exists' }>): readonly string[] {
  const right = node.kind === 'compare' && node.right.kind !== 'list' ? operandFields(node.right) : [];
  return [...operandFields(node.left), ...right];
}
