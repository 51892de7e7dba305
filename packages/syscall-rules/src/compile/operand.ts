import type { FieldNode, OperandNode, TransformNode } from '../condition/ast.ts';
import { ConditionError } from '../condition/parse.ts';
import type { Arity, FieldContext, FieldType, FieldValue, Getter } from '../fields/field.ts';
import { findField, similarFields } from '../fields/registry.ts';
import { optionsIn, transformEach, transformers } from './transform.ts';

/** The left (or computed right) side of a comparison, ready to be asked. */
export type Operand = { readonly get: Getter; readonly type: FieldType; readonly arity: Arity };

export type FieldUse = { readonly name: string; readonly at: number; readonly deprecated: string | undefined; readonly unfilled: string | undefined };

/** An unknown or misused field: the one error that skip-if-unknown-filter forgives. */
export class FieldError extends ConditionError {
  readonly field: string;
  readonly unknown: boolean;
  constructor(message: string, at: number, field: string, unknown: boolean) {
    super(message, at);
    this.field = field;
    this.unknown = unknown;
  }
}

export type OperandContext = FieldContext & { readonly usage: 'condition' | 'output'; used(use: FieldUse): void };

export function compileOperand(node: OperandNode, context: OperandContext): Operand {
  switch (node.kind) {
    case 'field':
      return compileField(node, context);
    case 'literal':
      return { get: () => node.text, type: 'string', arity: 'none' };
    case 'tuple': {
      const parts = node.items.map((item) => compileOperand(item, context));
      return { get: (event) => parts.flatMap((part) => flatten(part.get(event))), type: 'string', arity: 'list' };
    }
    case 'transform':
      return compileTransform(node, context);
  }
}

function compileField(node: FieldNode, context: OperandContext): Operand {
  const written = node.argument === undefined ? node.name : `${node.name}[${node.argument}]`;
  const found = findField(node.name, node.argument);
  if (found === undefined) {
    const similar = similarFields(node.name);
    throw new FieldError(`unknown field "${written}"${similar.length === 0 ? '' : ` (similar: ${similar.join(', ')})`}`, node.at, node.name, true);
  }
  const { definition, argument } = found;
  if (definition.only !== undefined && definition.only !== context.usage) throw new FieldError(`field "${written}" can only be used in ${definition.only === 'condition' ? 'conditions' : 'outputs'}`, node.at, node.name, false);
  if (argument === undefined && (definition.argument === 'required' || definition.argument === 'dotted') && definition.name !== 'evt.abspath') throw new FieldError(`field "${definition.name}" needs an argument`, node.at, node.name, false);
  if (argument !== undefined && definition.argument === undefined) throw new FieldError(`field "${definition.name}" takes no argument`, node.at, node.name, false);
  context.used({ name: written, at: node.at, deprecated: definition.deprecated, unfilled: definition.unfilled });
  try {
    return { get: definition.bind(argument, context), type: definition.typeOf?.(argument) ?? definition.type, arity: definition.arityOf?.(argument) ?? definition.arity ?? 'none' };
  } catch (error) {
    throw new FieldError(`field "${written}": ${error instanceof Error ? error.message : String(error)}`, node.at, node.name, true);
  }
}

function compileTransform(node: TransformNode, context: OperandContext): Operand {
  const fail = (message: string): never => {
    throw new ConditionError(message, node.at);
  };
  const [first] = node.args;
  if (first === undefined) return fail(`${node.name}() needs an argument`);
  if (node.name === 'concat') {
    const parts = node.args.map((arg) => compileOperand(arg, context));
    return { get: (event) => concatenated(parts.map((part) => part.get(event))), type: 'string', arity: 'none' };
  }
  if (node.name === 'join') return compileJoin(node, context, fail);
  if (node.name === 'getopt') return compileGetopt(node, context, fail);
  if (node.args.length !== 1) return fail(`${node.name}() takes one argument`);
  if (first.kind === 'literal') return fail(`${node.name}() takes a field`);
  const inner = compileOperand(first, context);
  if (node.name === 'val') return inner;
  if (node.name === 'len') {
    if (inner.arity === 'list') return { get: (event) => lengthOf(inner.get(event), true), type: 'number', arity: 'none' };
    if (inner.type !== 'string' && inner.type !== 'bytes') return fail(`len() takes a text, not a ${inner.type}`);
    return { get: (event) => lengthOf(inner.get(event), false), type: 'number', arity: 'none' };
  }
  const transformer = transformers[node.name];
  if (transformer === undefined) return fail(`unknown transformer "${node.name}"`);
  if (!transformer.takes.includes(inner.type)) return fail(`${node.name}() takes a ${transformer.takes.join(' or ')}, not a ${inner.type}`);
  const { apply } = transformer;
  return { get: (event) => transformEach(inner.get(event), apply), type: transformer.gives === 'same' ? inner.type : transformer.gives, arity: inner.arity };
}

// Both orders are in use: join(list, sep) as proposed, join(sep, list) as in other languages; the text is the separator.
function compileJoin(node: TransformNode, context: OperandContext, fail: (message: string) => never): Operand {
  const separator = node.args.find((arg) => arg.kind === 'literal');
  const list = node.args.find((arg) => arg.kind !== 'literal');
  if (list === undefined || node.args.length > 2) return fail('join() takes a list and a separator');
  const inner = compileOperand(list, context);
  const between = separator?.text ?? '';
  return { get: (event) => ((value) => (value === undefined ? undefined : flatten(value).join(between)))(inner.get(event)), type: 'string', arity: 'none' };
}

function compileGetopt(node: TransformNode, context: OperandContext, fail: (message: string) => never): Operand {
  const letters = node.args.find((arg) => arg.kind === 'literal')?.text;
  const args = node.args.find((arg) => arg.kind !== 'literal');
  if (letters === undefined || args === undefined || node.args.length !== 2) return fail('getopt() takes a command line and the option letters');
  const inner = compileOperand(args, context);
  return { get: (event) => ((value) => (value === undefined ? undefined : optionsIn(Array.isArray(value) ? flatten(value) : String(value).split(/\s+/), letters)))(inner.get(event)), type: 'string', arity: 'list' };
}

function flatten(value: FieldValue): string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly (string | number)[]).map(String) : [String(value)];
}

function concatenated(values: readonly FieldValue[]): string | undefined {
  return values.includes(undefined) ? undefined : values.map((value) => flatten(value).join('')).join('');
}

function lengthOf(value: FieldValue, isList: boolean): number | undefined {
  if (value === undefined) return isList ? 0 : undefined;
  if (isList) return flatten(value).length;
  return String(Array.isArray(value) ? value[0] : value).length;
}
