import type { CompareNode, ConditionNode, ExistsNode } from '../condition/ast.ts';
import { eventTypeByName } from '../event-types/table.ts';
import { eventTypeNames } from './comparison.ts';

/** What is known of every event of a class before any is seen: fields with their value, or bounds of a number. */
export type Assumption = { readonly type: number; readonly fields: Readonly<Record<string, Known>> };
export type Known = boolean | { readonly min: number; readonly max: number } | { readonly text: string } | { readonly begins: string } | 'absent';

export type Outcome = { readonly canBeTrue: boolean; readonly canBeFalse: boolean };

const either: Outcome = { canBeTrue: true, canBeFalse: true };
const always: Outcome = { canBeTrue: true, canBeFalse: false };
const never: Outcome = { canBeTrue: false, canBeFalse: true };

/** Whether a condition can be true, and can be false, for events of a class. Never a "no" too many. */
export function outcomeOf(node: ConditionNode, assumed: Assumption, memo: Map<ConditionNode, Outcome>): Outcome {
  const known = memo.get(node);
  if (known !== undefined) return known;
  const result = compute(node, assumed, memo);
  memo.set(node, result);
  return result;
}

function compute(node: ConditionNode, assumed: Assumption, memo: Map<ConditionNode, Outcome>): Outcome {
  switch (node.kind) {
    case 'and': {
      const children = node.children.map((child) => outcomeOf(child, assumed, memo));
      return { canBeTrue: children.every((child) => child.canBeTrue), canBeFalse: children.some((child) => child.canBeFalse) };
    }
    case 'or': {
      const children = node.children.map((child) => outcomeOf(child, assumed, memo));
      return { canBeTrue: children.some((child) => child.canBeTrue), canBeFalse: children.every((child) => child.canBeFalse) };
    }
    case 'not': {
      const child = outcomeOf(node.child, assumed, memo);
      return { canBeTrue: child.canBeFalse, canBeFalse: child.canBeTrue };
    }
    case 'expanded':
      return outcomeOf(node.body, assumed, memo);
    case 'compare':
    case 'exists':
      return outcomeOfCheck(node, assumed);
    case 'macro':
      return either;
  }
}

function outcomeOfCheck(node: CompareNode | ExistsNode, assumed: Assumption): Outcome {
  if (node.kind === 'compare') {
    const names = eventTypeNames(node);
    if (names !== undefined) return names.names.some((name) => eventTypeByName.get(name)?.id === assumed.type) === names.negated ? never : always;
  }
  if (node.left.kind !== 'field') return either;
  const { name, argument } = node.left;
  const known = argument === undefined && Object.hasOwn(assumed.fields, name) ? assumed.fields[name] : undefined;
  if (known === undefined) return either;
  if (known === 'absent') return never;
  if (node.kind === 'exists') return always;
  if (node.right.kind !== 'literal' && node.right.kind !== 'list') return either;
  const literals = node.right.kind === 'literal' ? [node.right.text] : node.right.items.map((item) => item.text);
  if (typeof known === 'boolean') return decided((node.operator === '!=') !== literals.includes(String(known)));
  if ('min' in known) return numberOutcome(node.operator, literals, known);
  if ('text' in known) return textOutcome(node.operator, literals, known.text);
  // Only how the text begins is known.
  const possible = literals.some((literal) => literal.startsWith(known.begins) || known.begins.startsWith(literal));
  if (node.operator === 'startswith' && literals.every((literal) => known.begins.startsWith(literal))) return always;
  if (['=', '==', 'in', 'startswith'].includes(node.operator)) return possible ? either : never;
  return node.operator === '!=' ? (possible ? either : always) : either;
}

const decided = (value: boolean): Outcome => (value ? always : never);

function textOutcome(operator: string, literals: readonly string[], text: string): Outcome {
  switch (operator) {
    case '=': case '==': case 'in': return decided(literals.includes(text));
    case '!=': return decided(!literals.includes(text));
    case 'startswith': return decided(literals.some((literal) => text.startsWith(literal)));
    default: return either;
  }
}

function numberOutcome(operator: string, literals: readonly string[], { min, max }: { readonly min: number; readonly max: number }): Outcome {
  const values = literals.map(Number);
  const [value = Number.NaN] = values;
  if (values.some(Number.isNaN)) return either;
  const within = values.some((one) => one >= min && one <= max);
  switch (operator) {
    case '=': case '==': case 'in': return within ? (min === max ? always : either) : never;
    case '!=': return within ? (min === max ? never : either) : always;
    case '<': return max < value ? always : min >= value ? never : either;
    case '<=': return max <= value ? always : min > value ? never : either;
    case '>': return min > value ? always : max <= value ? never : either;
    case '>=': return min >= value ? always : max < value ? never : either;
    default: return either;
  }
}

/** A condition with all taken out that is decided for every event of a class. The same part stays one object. */
export function simplify(node: ConditionNode, assumed: Assumption, memo: Map<ConditionNode, Outcome>, done: Map<ConditionNode, ConditionNode | boolean>): ConditionNode | boolean {
  const known = done.get(node);
  if (known !== undefined) return known;
  const outcome = outcomeOf(node, assumed, memo);
  const result = !outcome.canBeTrue ? false : !outcome.canBeFalse ? true : simplifyParts(node, assumed, memo, done);
  done.set(node, result);
  return result;
}

function simplifyParts(node: ConditionNode, assumed: Assumption, memo: Map<ConditionNode, Outcome>, done: Map<ConditionNode, ConditionNode | boolean>): ConditionNode | boolean {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const neutral = node.kind === 'and';
      const children = node.children.map((child) => simplify(child, assumed, memo, done)).filter((child) => child !== neutral);
      if (children.includes(!neutral)) return !neutral;
      const [only] = children;
      return children.length === 0 ? neutral : children.length === 1 && only !== undefined ? only : { ...node, children: children as ConditionNode[] };
    }
    case 'not': {
      const child = simplify(node.child, assumed, memo, done);
      return typeof child === 'boolean' ? !child : { ...node, child };
    }
    case 'expanded': {
      const body = simplify(node.body, assumed, memo, done);
      return typeof body === 'boolean' ? body : { ...node, body };
    }
    default:
      return node;
  }
}
