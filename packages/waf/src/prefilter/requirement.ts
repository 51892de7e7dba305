import { foldCase, setOf, union } from '../regex/byte-sets.ts';
import { shortestMatch } from '../regex/shortest.ts';
import type { Node } from '../regex/syntax.ts';
import { necessaryLiterals } from './necessary.ts';

/** What every value that an operator accepts is sure to have, upper and lower case being one. Each part may only be too weak, never wrong. */
export type Requirement = {
  /** At least one of these occurs. */
  readonly literals?: readonly string[];
  /** At least one byte of each of these sets occurs. */
  readonly sets: readonly Uint8Array[];
  /** Bytes the value has at least. */
  readonly length: number;
};

/** Alternatives beyond this many are only asked for one common set. */
const maxCompared = 40;

const keyOf = (set: Uint8Array): string => Buffer.from(set).toString('latin1');
const within = (inner: Uint8Array, outer: Uint8Array): boolean => inner.every((member, byte) => member === 0 || outer[byte] === 1);

/** How ordinary text is likely to hold a byte of the set: the lower, the more a demand for it says. */
export function commonness(set: Uint8Array): number {
  let sum = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    if (set[byte] !== 1) continue;
    if (byte >= 97 && byte <= 122) sum += 4;
    else if (byte >= 65 && byte <= 90) sum += 1;
    else if (byte >= 48 && byte <= 57) sum += 3;
    else if (byte === 32) sum += 6;
    else if (byte === 45 || byte === 46 || byte === 47 || byte === 95) sum += 3;
    else if (byte === 44 || byte === 58 || byte === 61 || byte === 40 || byte === 41 || byte === 59) sum += 1;
    else sum += 0.1;
  }
  return sum;
}

/** Sets of which every match holds a byte each, case folded. Assertions and look-arounds only narrow further. */
function necessarySets(node: Node): Uint8Array[] {
  switch (node.kind) {
    case 'set':
      return node.set.includes(1) ? [foldCase(node.set)] : [];
    case 'capture':
    case 'atomic':
      return necessarySets(node.item);
    case 'repeat':
      return node.min > 0 ? necessarySets(node.item) : [];
    case 'concat':
      return distinct(node.items.flatMap(necessarySets));
    case 'alternatives': {
      const lists = node.items.map(necessarySets);
      if (lists.some((list) => list.length === 0)) return [];
      const least = union(...lists.map((list) => list.reduce((best, set) => (commonness(set) < commonness(best) ? set : best))));
      if (lists.length > maxCompared) return [least];
      return distinct([least, ...lists[0]!.filter((set) => lists.every((list) => list.some((inner) => within(inner, set))))]);
    }
    case 'look':
    case 'assertion':
    case 'backreference':
      return [];
  }
}

function distinct(sets: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(sets.map((set) => [keyOf(set), set])).values()];
}

export function requirementOf(root: Node): Requirement {
  const literals = necessaryLiterals(root);
  return { ...(literals === undefined ? {} : { literals }), sets: necessarySets(root), length: shortestMatch(root) };
}

/** The value contains one of these texts. */
export function requireText(literals: readonly string[]): Requirement {
  if (literals.includes('')) return { sets: [], length: 0 };
  const sets = literals.length === 1 ? literals[0]!.split('').map((char) => foldCase(setOf(char.charCodeAt(0)))) : [];
  return { literals, sets, length: Math.min(...literals.map((literal) => literal.length)) };
}

/** The value holds a byte of the set. */
export function requireByte(set: Uint8Array): Requirement {
  return { sets: [foldCase(set)], length: 1 };
}
