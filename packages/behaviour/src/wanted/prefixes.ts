import type { CompareNode, ConditionNode } from '@palisade/syscall-rules/condition/ast';
import type { Assumption, Outcome } from '@palisade/syscall-rules/compile/assumption';
import { outcomeOf } from '@palisade/syscall-rules/compile/assumption';

/**
 * Beginnings of paths ("/etc/") or parts of them ("*id_rsa"), one of which every event has that makes the condition true;
 * undefined: could be any path.
 */
export type Prefixes = ReadonlySet<string> | undefined;

// Not the raw names: the kernel side compares the opened file's own path, which has no ".." and no link in it.
const pathFields = new Set(['fd.name', 'fs.path.name']);
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
  for (const one of all) if (one !== undefined && (best === undefined || costOf(one) < costOf(best))) best = one;
  return best;
}

/** Beginnings are decided in the kernel, per directory; parts only by asking the warden for each file. */
function costOf(prefixes: ReadonlySet<string>): number {
  return prefixes.size + ([...prefixes].some((prefix) => prefix.startsWith('*')) ? 1000 : 0);
}

function ofCheck(node: CompareNode): Prefixes {
  if (node.left.kind !== 'field' || node.left.argument !== undefined || node.modifier === 'allof') return undefined;
  if (node.right.kind !== 'literal' && node.right.kind !== 'list') return undefined;
  const literals = node.right.kind === 'literal' ? [node.right.text] : node.right.items.map((item) => item.text);
  const { name } = node.left;
  const prefixes = pathFields.has(name) ? literals.map((literal) => ofPath(node.operator, literal)) : name === 'fd.directory' ? literals.map((literal) => ofDirectory(node.operator, literal)) : [undefined];
  // A relative or empty beginning tells nothing of where the file lies.
  return prefixes.every((prefix) => prefix !== undefined && /^(?:\/.|\*...)/.test(prefix)) ? new Set(prefixes as string[]) : undefined;
}

function ofPath(operator: string, literal: string): string | undefined {
  switch (operator) {
    case '=': case '==': case 'in': case 'startswith': return literal;
    case 'contains': case 'endswith': return `*${literal}`;
    case 'glob': return ofGlob(literal);
    case 'pmatch': return /^[^*?[\\]*/.exec(literal)?.[0];
    default: return undefined;
  }
}

/** What comes before the first wild card, or where that says little, the longest stretch without one. */
function ofGlob(pattern: string): string | undefined {
  const start = /^[^*?[\\]*/.exec(pattern)?.[0] ?? '';
  if (start.startsWith('/') && start.length > 1) return start;
  const parts = /[[\\]/.test(pattern) ? [] : pattern.split(/[*?]+/);
  return `*${parts.reduce((longest, part) => (part.length > longest.length ? part : longest), '')}`;
}

function ofDirectory(operator: string, literal: string): string | undefined {
  switch (operator) {
    case '=': case '==': case 'in': return `${literal}/`;
    case 'startswith': return literal;
    default: return undefined;
  }
}
