import type { CompareNode, ConditionNode } from '@palisade/syscall-rules/condition/ast';
import type { Assumption, Outcome } from '@palisade/syscall-rules/compile/assumption';
import { outcomeOf } from '@palisade/syscall-rules/compile/assumption';

/** Beginnings of paths, one of which every event has that makes the condition true; undefined: could be any path. */
export type Prefixes = ReadonlySet<string> | undefined;

const pathFields = new Set(['fd.name', 'fs.path.name', 'fs.path.nameraw', 'fd.nameraw']);
const none: ReadonlySet<string> = new Set();

export function prefixesOf(node: ConditionNode, assumed: Assumption, memo: Map<ConditionNode, Outcome>, negated = false): Prefixes {
  const outcome = outcomeOf(node, assumed, memo);
  if (!(negated ? outcome.canBeFalse : outcome.canBeTrue)) return none;
  switch (node.kind) {
    case 'expanded':
      return prefixesOf(node.body, assumed, memo, negated);
    case 'not':
      return prefixesOf(node.child, assumed, memo, !negated);
    case 'and':
    case 'or': {
      const children = node.children.map((child) => prefixesOf(child, assumed, memo, negated));
      return (node.kind === 'and') === negated ? union(children) : narrowest(children);
    }
    case 'compare':
      return negated ? undefined : ofCheck(node);
    default:
      return undefined;
  }
}

function union(all: readonly Prefixes[]): Prefixes {
  const result = new Set<string>();
  for (const one of all) {
    if (one === undefined) return undefined;
    for (const prefix of one) result.add(prefix);
  }
  return result;
}

function narrowest(all: readonly Prefixes[]): Prefixes {
  let best: Prefixes;
  for (const one of all) if (one !== undefined && (best === undefined || one.size < best.size)) best = one;
  return best;
}

function ofCheck(node: CompareNode): Prefixes {
  if (node.left.kind !== 'field' || node.left.argument !== undefined || node.modifier === 'allof') return undefined;
  if (node.right.kind !== 'literal' && node.right.kind !== 'list') return undefined;
  const literals = node.right.kind === 'literal' ? [node.right.text] : node.right.items.map((item) => item.text);
  const { name } = node.left;
  const prefixes = pathFields.has(name) ? literals.map((literal) => ofPath(node.operator, literal)) : name === 'fd.directory' ? literals.map((literal) => ofDirectory(node.operator, literal)) : [undefined];
  // A relative or empty beginning tells nothing of where the file lies.
  return prefixes.every((prefix) => prefix !== undefined && /^\/./.test(prefix)) ? new Set(prefixes as string[]) : undefined;
}

function ofPath(operator: string, literal: string): string | undefined {
  switch (operator) {
    case '=': case '==': case 'in': case 'startswith': return literal;
    case 'glob': return /^[^*?[\\]*/.exec(literal)?.[0];
    case 'pmatch': return /^[^*?[\\]*/.exec(literal)?.[0];
    default: return undefined;
  }
}

function ofDirectory(operator: string, literal: string): string | undefined {
  switch (operator) {
    case '=': case '==': case 'in': return `${literal}/`;
    case 'startswith': return literal;
    default: return undefined;
  }
}
