import { union } from './byte-sets.ts';
import type { Node } from './syntax.ts';

// Upper bounds of what a backtracking matcher can do, for patterns that V8's linear engine doesn't take. `ways` counts
// the different ways a node can match from one start in a text of n bytes; a failing search tries each of them from each start.

const anything = new Uint8Array(256).fill(1);

/** Bytes that a match of the node can begin with; undefined when it may match nothing. */
export function firstOf(node: Node): Uint8Array | undefined {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'capture':
    case 'atomic':
      return firstOf(node.item);
    case 'repeat':
      return node.min === 0 ? undefined : firstOf(node.item);
    case 'alternatives': {
      const all = node.items.map(firstOf);
      return all.some((set) => set === undefined) ? undefined : union(...(all as Uint8Array[]));
    }
    case 'concat':
      return firstOfRest(node.items, 0);
    case 'look':
    case 'assertion':
    case 'backreference':
      return undefined;
  }
}

/** Bytes that can follow: those of nodes that may match nothing count along with what comes after them. */
function firstOfRest(items: readonly Node[], from: number): Uint8Array | undefined {
  let seen: Uint8Array | undefined;
  for (let at = from; at < items.length; at += 1) {
    const item = items[at]!;
    if (item.kind === 'assertion' || item.kind === 'look') continue;
    const first = firstOf(item);
    if (first !== undefined) return seen === undefined ? first : union(seen, first);
    seen = seen === undefined ? mayBegin(item) : union(seen, mayBegin(item));
  }
  return undefined;
}

/** Bytes that a match of the node can begin with where it doesn't match nothing. */
function mayBegin(node: Node): Uint8Array {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'capture':
    case 'atomic':
    case 'repeat':
      return mayBegin(node.item);
    case 'alternatives':
      return union(...node.items.map(mayBegin));
    case 'concat': {
      let all: Uint8Array = new Uint8Array(256);
      for (const item of node.items) {
        all = union(all, mayBegin(item));
        if (firstOf(item) !== undefined) break;
      }
      return all;
    }
    case 'look':
    case 'assertion':
      return new Uint8Array(256);
    case 'backreference':
      return anything;
  }
}

const disjoint = (a: Uint8Array, b: Uint8Array): boolean => a.every((member, byte) => member === 0 || b[byte] === 0);

function disjointAll(nodes: readonly Node[]): boolean {
  let seen: Uint8Array = new Uint8Array(256);
  for (const node of nodes) {
    const first = firstOf(node);
    if (first === undefined || !disjoint(seen, first)) return false;
    seen = union(seen, first);
  }
  return true;
}

type Cost = { /** Different ways to match from one start. */ readonly ways: number; /** Steps to try all of them. */ readonly steps: number };

/** A repeat that can't give anything back: what follows never begins with what it takes. */
function isForced(item: Node, items: readonly Node[], at: number): boolean {
  if (item.kind !== 'repeat' || costOf(item.item, 64).ways > 1) return false;
  const next = firstOfRest(items, at + 1);
  return next !== undefined && disjoint(mayBegin(item.item), next);
}

function costOf(node: Node, length: number): Cost {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return { ways: 1, steps: 1 };
    case 'backreference':
      return { ways: 1, steps: length };
    case 'capture':
      return costOf(node.item, length);
    case 'atomic':
    case 'look':
      return { ways: 1, steps: costOf(node.item, length).steps }; // never entered again once it is through
    case 'alternatives': {
      const all = node.items.map((item) => costOf(item, length));
      const ways = all.map((cost) => cost.ways);
      return { ways: disjointAll(node.items) ? Math.max(...ways) : ways.reduce((sum, one) => sum + one, 0), steps: all.reduce((sum, cost) => sum + cost.steps, 0) };
    }
    case 'concat': {
      let ways = 1;
      let steps = 0;
      for (const [at, item] of node.items.entries()) {
        const cost = costOf(item, length);
        steps += ways * cost.steps;
        if (!isForced(item, node.items, at)) ways *= cost.ways;
      }
      return { ways, steps };
    }
    case 'repeat': {
      const inner = costOf(node.item, length);
      const most = Math.min(node.max, length);
      if (inner.ways <= 1) return { ways: node.mode === 'possessive' ? 1 : most - Math.min(node.min, most) + 1, steps: (most + 1) * inner.steps };
      const ways = inner.ways ** most;
      return { ways: node.mode === 'possessive' ? 1 : ways, steps: ways * inner.steps };
    }
  }
}

/** Steps that a search through `length` bytes takes at the very most; Infinity where no useful bound is known. */
export function stepsOf(root: Node, length: number): number {
  return length * costOf(root, length).steps;
}

const maxSteps = 5e7;

/** The longest text that a search is sure to be through with in good time. */
export function safeLength(root: Node): number {
  let low = 0;
  let high = 1 << 20;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stepsOf(root, middle) <= maxSteps) low = middle;
    else high = middle - 1;
  }
  return low;
}
