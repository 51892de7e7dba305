import { isMap, isScalar, isSeq } from 'yaml';
import type { ConditionNode, LiteralNode, OperandNode } from '../condition/ast.ts';
import { listOperators, operators } from '../condition/parse.ts';
import { unquoteItem } from '../condition/quoted.ts';
import type { Exception, ExceptionValue } from './item.ts';
import { ItemError } from './problem.ts';
import type { YamlFile } from './yaml.ts';
import { scalarText } from './yaml.ts';

/** Reads the `exceptions` of a rule; `appending`: fields may be missing, they are the earlier ones'. */
export function readExceptions(yaml: YamlFile, node: unknown, appending: boolean, warn: (message: string, line: number) => void): readonly Exception[] {
  if (node === undefined || (isScalar(node) && node.value === null)) return [];
  if (!isSeq(node)) throw new ItemError('exception', yaml.line(node), '"exceptions" must be a list');
  const seen = new Set<string>();
  return node.items.map((entry) => {
    const line = yaml.line(entry);
    if (!isMap(entry)) throw new ItemError('exception', line, 'an exception must be a mapping');
    const name = yaml.text(entry, 'name')?.value ?? '';
    if (name === '') throw new ItemError('exception', line, 'an exception needs a name');
    if (seen.has(name)) throw new ItemError('exception', line, `exception "${name}" is given twice`);
    seen.add(name);
    const values = yaml.node(entry, 'values');
    if (values !== undefined && !isSeq(values) && !(isScalar(values) && values.value === null)) throw new ItemError('exception', yaml.line(values), `values of exception "${name}" must be a list`);
    if (values === undefined && appending) warn(`exception "${name}" has no values`, line);
    const fields = yaml.node(entry, 'fields');
    if (fields === undefined && !appending) throw new ItemError('exception', line, `exception "${name}" needs fields`);
    return { name, file: yaml.file, line, fields: readValue(yaml, fields), comps: readValue(yaml, yaml.node(entry, 'comps')), values: isSeq(values) ? values.items.map((value) => readValue(yaml, value) ?? '') : [] };
  });
}

function readValue(yaml: YamlFile, node: unknown): ExceptionValue | undefined {
  if (node === undefined) return undefined;
  if (isScalar(node)) return scalarText(node);
  if (isSeq(node)) return node.items.map((item) => readValue(yaml, item) ?? '');
  throw new ItemError('exception', yaml.line(node), 'an exception holds texts and lists only');
}

/**
 * The condition an exception stands for: true where the rule must stay silent; undefined when it has no values.
 * One field: `field in (values…)`. Several: any of the value tuples, each field compared by its own operator.
 */
export function exceptionCondition(exception: Exception): ConditionNode | undefined {
  const fail = (message: string): never => {
    throw new ItemError('exception', exception.line, `exception "${exception.name}": ${message}`);
  };
  const { fields } = exception;
  if (fields === undefined || fields === '') return fail('needs fields');
  if (typeof fields === 'string') {
    const comp = exception.comps ?? 'in';
    if (typeof comp !== 'string') return fail('fields and comps must both be texts');
    if (!listOperators.has(comp)) return fail('with a single field, comps must be in, intersects or pmatch');
    const items = exception.values.map((value) => (typeof value === 'string' ? literal(value) : fail('with a single field, values must be a list of texts')));
    return items.length === 0 ? undefined : { kind: 'compare', left: field(fields, fail), operator: comp, modifier: undefined, right: { kind: 'list', items, at: 0 }, at: 0 };
  }
  const comps = exception.comps ?? fields.map(() => '=');
  if (typeof comps === 'string' || comps.length !== fields.length) return fail('fields and comps must have equal length');
  for (const comp of comps) if (typeof comp !== 'string' || !operators.has(comp.split(' ')[0] ?? '')) return fail(`"${String(comp)}" is no operator`);
  const tuples = exception.values.map((values): ConditionNode => {
    if (typeof values === 'string' || values.length !== fields.length) return fail('fields and values must have equal length');
    const children = fields.map((name, index) => comparison(field(String(name), fail), String(comps[index]), values[index] ?? '', fail));
    return children.length === 1 ? (children[0] as ConditionNode) : { kind: 'and', children, at: 0 };
  });
  if (tuples.length === 0) return undefined;
  return tuples.length === 1 ? tuples[0] : { kind: 'or', children: tuples, at: 0 };
}

function comparison(left: OperandNode, comp: string, value: ExceptionValue, fail: (message: string) => never): ConditionNode {
  const [operator = '', modifier] = comp.split(/\s+/);
  const isList = listOperators.has(operator) || modifier !== undefined;
  const items = typeof value === 'string' ? (isList ? splitList(value) : [literal(value)]) : value.map((item) => (typeof item === 'string' ? literal(item) : fail('values nest too deep')));
  if (isList) return { kind: 'compare', left, operator, modifier: modifier === 'oneof' || modifier === 'anyof' || modifier === 'allof' ? modifier : undefined, right: { kind: 'list', items, at: 0 }, at: 0 };
  const [only] = items;
  if (only === undefined || items.length !== 1) return fail(`operator "${operator}" takes one value`);
  return { kind: 'compare', left, operator, modifier: undefined, right: only, at: 0 };
}

// Falco pastes the text into the condition, so "(a, b)" is a list as well as "a".
function splitList(text: string): LiteralNode[] {
  if (!text.startsWith('(')) return [literal(text)];
  return (text.replace(/^\(|\)$/g, '').match(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^,\s][^,]*/g) ?? []).map((part) => literal(part.trim()));
}

function literal(text: string): LiteralNode {
  return { kind: 'literal', ...unquoteItem(text), at: 0 };
}

function field(text: string, fail: (message: string) => never): OperandNode {
  const match = /^([a-zA-Z]\w*(?:\.[a-zA-Z]\w*)+)(?:\[([^\]]*)\])?$/.exec(text);
  if (match !== null) return { kind: 'field', name: match[1] ?? '', argument: match[2], at: 0 };
  const transformed = /^(\w+)\((.*)\)$/.exec(text);
  if (transformed === null) return fail(`"${text}" is no field`);
  return { kind: 'transform', name: transformed[1] ?? '', args: [field((transformed[2] ?? '').trim(), fail)], at: 0 };
}
