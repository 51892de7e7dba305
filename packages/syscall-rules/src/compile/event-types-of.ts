import type { ConditionNode } from '../condition/ast.ts';
import { eventTypeByName, eventTypes } from '../event-types/table.ts';
import { eventTypeNames } from './comparison.ts';

type Possible = { readonly whenTrue: Uint8Array; readonly whenFalse: Uint8Array };

const everything = new Uint8Array(eventTypes.length).fill(1);
const nothing = new Uint8Array(eventTypes.length);

const both = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((bit, index) => bit & (b[index] ?? 0));
const one = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((bit, index) => bit | (b[index] ?? 0));

/**
 * The event types for which a condition can be true at all: rules are only asked about those. Never too few: each
 * node tells for which types it may be true and for which it may be false, and everything unknown may be both.
 */
export function eventTypesOf(node: ConditionNode, memo = new Map<ConditionNode, Possible>()): readonly number[] {
  const { whenTrue } = possible(node, memo);
  return [...whenTrue.keys()].filter((id) => whenTrue[id] === 1);
}

function possible(node: ConditionNode, memo: Map<ConditionNode, Possible>): Possible {
  const known = memo.get(node);
  if (known !== undefined) return known;
  const result = compute(node, memo);
  memo.set(node, result);
  return result;
}

function compute(node: ConditionNode, memo: Map<ConditionNode, Possible>): Possible {
  switch (node.kind) {
    case 'and': {
      const children = node.children.map((child) => possible(child, memo));
      return { whenTrue: children.map((child) => child.whenTrue).reduce(both, everything), whenFalse: children.map((child) => child.whenFalse).reduce(one, nothing) };
    }
    case 'or': {
      const children = node.children.map((child) => possible(child, memo));
      return { whenTrue: children.map((child) => child.whenTrue).reduce(one, nothing), whenFalse: children.map((child) => child.whenFalse).reduce(both, everything) };
    }
    case 'not': {
      const child = possible(node.child, memo);
      return { whenTrue: child.whenFalse, whenFalse: child.whenTrue };
    }
    case 'expanded':
      return possible(node.body, memo);
    case 'compare': {
      const names = eventTypeNames(node);
      if (names !== undefined) {
        const named = new Uint8Array(eventTypes.length);
        for (const name of names.names) named[eventTypeByName.get(name)?.id ?? 0] = 1;
        const others = named.map((bit) => 1 - bit);
        return names.negated ? { whenTrue: others, whenFalse: named } : { whenTrue: named, whenFalse: others };
      }
      // evt.dir is always "<" and evt.num never 0: the two constants rule files are written with.
      if (node.left.kind === 'field' && node.right.kind === 'literal') {
        const { name } = node.left;
        const { text } = node.right;
        if (name === 'evt.dir' && (node.operator === '=' || node.operator === '==')) return text === '<' ? { whenTrue: everything, whenFalse: nothing } : { whenTrue: nothing, whenFalse: everything };
        if (name === 'evt.num' && (node.operator === '=' || node.operator === '==') && text === '0') return { whenTrue: nothing, whenFalse: everything };
      }
      return { whenTrue: everything, whenFalse: everything };
    }
    default:
      return { whenTrue: everything, whenFalse: everything };
  }
}
