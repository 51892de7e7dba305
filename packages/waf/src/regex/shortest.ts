import type { Node } from './syntax.ts';

/** Bytes that every match of the node has at least. */
export function shortestMatch(node: Node): number {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'capture':
    case 'atomic':
      return shortestMatch(node.item);
    case 'repeat':
      return Math.min(node.min * shortestMatch(node.item), 1_000_000);
    case 'concat':
      return Math.min(node.items.reduce((sum, item) => sum + shortestMatch(item), 0), 1_000_000);
    case 'alternatives':
      return Math.min(...node.items.map(shortestMatch));
    case 'look':
    case 'assertion':
    case 'backreference':
      return 0;
  }
}
