import type { CompareNode, ExistsNode, OperandNode } from '../condition/ast.ts';
import { ConditionError } from '../condition/parse.ts';
import type { Event } from '../event.ts';
import { eventTypeByName, eventTypes } from '../event-types/table.ts';
import type { FieldValue } from '../fields/field.ts';
import type { Operand, OperandContext } from './operand.ts';
import { compileOperand } from './operand.ts';
import type { ScalarTest } from './scalar-test.ts';
import { memberTest, scalarTest } from './scalar-test.ts';
import { textTest } from './text-test.ts';

export type Check = (event: Event) => boolean;

export function compileExists(node: ExistsNode, context: OperandContext): Check {
  const { get } = compileOperand(node.left, context);
  return (event) => {
    const value = get(event);
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';
  };
}

/** One check of a condition as a closure. Throws ConditionError with the place. */
export function compileComparison(node: CompareNode, context: OperandContext): Check {
  const types = typeCheck(node);
  if (types !== undefined) {
    compileOperand(node.left, context);
    return types;
  }
  const left = compileOperand(node.left, context);
  const { right } = node;
  if (right.kind !== 'literal' && right.kind !== 'list') return compileComputed(node, left, compileOperand(right, context));
  try {
    if (left.type === 'host') return withHosts(node, left, right.kind === 'literal' ? [right.text] : right.items.map((item) => item.text), context);
    if (right.kind === 'literal') return withLiteral(node.operator, left, right.text);
    const literals = right.items.map((item) => item.text);
    if (node.modifier !== undefined) return withModifier(node, left, literals);
    return withList(node.operator, left, literals);
  } catch (error) {
    if (error instanceof ConditionError) throw error;
    throw new ConditionError(error instanceof Error ? error.message : String(error), right.at);
  }
}

// The type of an event is a small number: asking for it by name, as most conditions begin, is one array look-up.
function typeCheck(node: CompareNode): Check | undefined {
  const names = eventTypeNames(node);
  if (names === undefined) return undefined;
  const wanted = new Uint8Array(eventTypes.length);
  for (const name of names.names) {
    const type = eventTypeByName.get(name);
    if (type !== undefined) wanted[type.id] = 1;
  }
  if (names.negated) return (event) => wanted[event.type] === 0;
  return (event) => wanted[event.type] === 1;
}

/** The event types that a check of evt.type names; undefined for every other check. Throws for unknown types. */
export function eventTypeNames(node: CompareNode): { readonly names: readonly string[]; readonly negated: boolean } | undefined {
  if (node.left.kind !== 'field' || node.left.name !== 'evt.type' || node.left.argument !== undefined || node.modifier !== undefined) return undefined;
  const { right } = node;
  const names = right.kind === 'list' ? right.items.map((item) => item.text) : right.kind === 'literal' ? [right.text] : undefined;
  if (names === undefined) return undefined;
  if (!['=', '==', '!=', 'in', 'intersects'].includes(node.operator)) return undefined;
  for (const name of names) if (!eventTypeByName.has(name)) throw new EventTypeError(name, right.at);
  return { names, negated: node.operator === '!=' };
}

export class EventTypeError extends ConditionError {
  readonly eventType: string;
  constructor(eventType: string, at: number) {
    super(`unknown event type "${eventType}"`, at);
    this.eventType = eventType;
  }
}

function withLiteral(operator: string, left: Operand, literal: string): Check {
  const { get } = left;
  if (left.arity === 'none' && left.type === 'string') {
    const direct = directText(operator, get as (event: Event) => string | undefined, literal);
    if (direct !== undefined) return direct;
  }
  if (left.arity === 'either' && operator === '!=') {
    const same = scalarTest('=', left.type, literal);
    return (event) => {
      const value = get(event);
      return value !== undefined && !some(value, same);
    };
  }
  return anyOf(left, scalarTest(operator, left.type, literal));
}

// What a name stands for depends on who asks: a container may have its own hosts file.
function withHosts(node: CompareNode, left: Operand, hosts: readonly string[], context: OperandContext): Check {
  const { get } = left;
  const { operator } = node;
  if (!['=', '==', '!=', 'in', 'intersects'].includes(operator)) throw new Error(`operator "${operator}" does not fit a host name`);
  const stands = (event: Event, value: FieldValue): boolean => hosts.some((host) => context.names.addresses(host, event.process.container).includes(String(value)));
  return (event) => {
    const value = get(event);
    return value !== undefined && stands(event, value) === (operator !== '!=');
  };
}

// The most frequent checks without an inner call.
function directText(operator: string, get: (event: Event) => string | undefined, literal: string): Check | undefined {
  switch (operator) {
    case '=':
    case '==':
      return (event) => get(event) === literal;
    case '!=':
      return (event) => {
        const value = get(event);
        return value !== undefined && value !== literal;
      };
    case 'contains':
      return (event) => get(event)?.includes(literal) === true;
    case 'startswith':
      return (event) => get(event)?.startsWith(literal) === true;
    case 'endswith':
      return (event) => get(event)?.endsWith(literal) === true;
    default:
      return undefined;
  }
}

function anyOf(left: Operand, test: ScalarTest): Check {
  const { get } = left;
  if (left.arity !== 'none') {
    return (event) => {
      const value = get(event);
      return value !== undefined && some(value, test);
    };
  }
  return (event) => {
    const value = get(event);
    return value !== undefined && test(value as string);
  };
}

function some(value: FieldValue, test: ScalarTest): boolean {
  if (!Array.isArray(value)) return test(value as string);
  for (let index = 0; index < value.length; index += 1) if (test((value as readonly string[])[index] as string)) return true;
  return false;
}

function every(value: FieldValue, test: ScalarTest): boolean {
  if (!Array.isArray(value)) return test(value as string);
  return value.length > 0 && (value as readonly string[]).every(test);
}

function withList(operator: string, left: Operand, literals: readonly string[]): Check {
  const test = memberTest(operator, left.type, literals);
  // "in" wants the whole of a list field among the literals; of several alternatives one is enough.
  if (operator === 'in' && left.arity === 'list') {
    const { get } = left;
    return (event) => {
      const value = get(event);
      return value !== undefined && every(value, test);
    };
  }
  return anyOf(left, test);
}

function withModifier(node: CompareNode, left: Operand, literals: readonly string[]): Check {
  const tests = literals.map((literal) => scalarTest(node.operator, left.type, literal));
  const { get } = left;
  if (node.modifier === 'allof') return (event) => ((value) => value !== undefined && tests.every((test) => some(value, test)))(get(event));
  return (event) => ((value) => value !== undefined && tests.some((test) => some(value, test)))(get(event));
}

// Both sides are computed: numbers compare as numbers, everything else as text.
function compileComputed(node: CompareNode, left: Operand, right: Operand): Check {
  const { operator } = node;
  const numeric = left.type === 'number' && right.type === 'number';
  if (['<', '<=', '>', '>='].includes(operator) && !numeric) throw new ConditionError(`operator "${operator}" compares numbers`, node.at);
  if (left.type !== right.type && (left.type === 'number') !== (right.type === 'number')) throw new ConditionError(`a ${left.type} is not comparable with a ${right.type}`, node.at);
  const compare = (a: string | number, b: string | number): boolean => {
    switch (operator) {
      case '=': case '==': return a === b;
      case '!=': return a !== b;
      case '<': return a < b;
      case '<=': return a <= b;
      case '>': return a > b;
      case '>=': return a >= b;
      default: return textTest(operator, String(b))(String(a));
    }
  };
  if (numeric && !['=', '==', '!=', '<', '<=', '>', '>=', 'in', 'intersects'].includes(operator)) throw new ConditionError(`operator "${operator}" compares texts`, node.at);
  const items = (value: FieldValue): readonly (string | number)[] => (Array.isArray(value) ? (value as readonly (string | number)[]) : [numeric ? (value as number) : String(value)]);
  return (event) => {
    const a = left.get(event);
    const b = right.get(event);
    if (a === undefined || b === undefined) return false;
    if (operator === 'in') return items(a).length > 0 && items(a).every((one) => items(b).includes(one));
    if (operator === 'intersects') return items(a).some((one) => items(b).includes(one));
    return items(a).some((one) => items(b).some((other) => compare(one, other)));
  };
}

/** Types of literals that a field can't ever equal, worth a warning: a name longer than the kernel keeps. */
export function neverEqual(node: CompareNode): string | undefined {
  const field = node.left.kind === 'field' ? node.left.name : '';
  if (!['proc.name', 'proc.pname', 'proc.aname'].includes(field) || !['=', '==', 'in'].includes(node.operator)) return undefined;
  const literals = node.right.kind === 'list' ? node.right.items : node.right.kind === 'literal' ? [node.right] : [];
  const long = literals.find((literal) => literal.text.length > 15);
  return long === undefined ? undefined : `"${long.text}" is longer than the 15 characters the kernel keeps of a name: it never equals ${field}`;
}

export function operandFields(node: OperandNode): readonly string[] {
  if (node.kind === 'field') return [node.argument === undefined ? node.name : `${node.name}[${node.argument}]`];
  if (node.kind === 'transform') return node.args.flatMap(operandFields);
  return node.kind === 'tuple' ? node.items.flatMap(operandFields) : [];
}

