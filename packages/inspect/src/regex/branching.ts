import type { Node } from './syntax.ts';

/** A stretch of pattern: the longest row of optional parts in it, and the rows that touch its ends. */
type Row = { readonly longest: number; readonly head: number; readonly tail: number; readonly nullable: boolean };

const nothing: Row = { longest: 0, head: 0, tail: 0, nullable: true };

/**
 * How many parts that may all be empty stand in a row at most, written out. V8's backtracking compiler follows each
 * combination of them: `(?:a?){30}a{30}` costs it 2^30 steps before the first character is read.
 */
export function optionalRow(node: Node): number {
  return rowOf(node).longest;
}

function rowOf(node: Node): Row {
  switch (node.kind) {
    case 'set':
      return { longest: 0, head: 0, tail: 0, nullable: false };
    case 'assert':
      return nothing;
    case 'capture':
      return rowOf(node.body);
    case 'sequence':
      return node.items.map(rowOf).reduce(joined, nothing);
    case 'choice':
      return either(node.items.map(rowOf));
    case 'repeat':
      return repeated(node);
    default:
      return nothing;
  }
}

function joined(a: Row, b: Row): Row {
  return {
    longest: Math.max(a.longest, b.longest, a.tail + b.head),
    head: a.nullable ? a.head + b.head : a.head,
    tail: b.nullable ? a.tail + b.tail : b.tail,
    nullable: a.nullable && b.nullable,
  };
}

function either(rows: readonly Row[]): Row {
  const most = (pick: (row: Row) => number): number => Math.max(0, ...rows.map(pick));
  const nullable = rows.some((row) => row.nullable);
  const self = nullable ? 1 : 0;
  return { longest: Math.max(self, most((row) => row.longest)), head: Math.max(self, most((row) => row.head)), tail: Math.max(self, most((row) => row.tail)), nullable };
}

function repeated({ body, min, max }: Extract<Node, { kind: 'repeat' }>): Row {
  const inner = rowOf(body);
  const times = Math.max(1, max === Infinity ? min : max);
  if (inner.nullable) {
    const row = Math.max(1, inner.longest) * times;
    return { longest: row, head: row, tail: row, nullable: true };
  }
  const doubled = times > 1 ? Math.max(inner.longest, inner.tail + inner.head) : inner.longest;
  const self = min === 0 ? 1 : 0;
  return { longest: Math.max(self, doubled), head: Math.max(self, inner.head), tail: Math.max(self, inner.tail), nullable: min === 0 };
}
