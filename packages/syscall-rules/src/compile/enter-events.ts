import type { CompareNode, ConditionNode } from '../condition/ast.ts';

/**
 * Rules written before Falco 0.42 ask for the beginning of a call by `evt.dir=>`. There are only ends now: such a check
 * is taken for one of the end, so that the rule is decided when the call has ended. Under a "not" it stays what it was:
 * there it leaves something out, and no beginning is ever seen.
 */
export function atExit(node: ConditionNode, negated = false): ConditionNode {
  switch (node.kind) {
    case 'and':
    case 'or': {
      const children = node.children.map((child) => atExit(child, negated));
      return children.every((child, index) => child === node.children[index]) ? node : { ...node, children };
    }
    case 'not': {
      const child = atExit(node.child, !negated);
      return child === node.child ? node : { ...node, child };
    }
    case 'expanded': {
      const body = atExit(node.body, negated);
      return body === node.body ? node : { ...node, body };
    }
    case 'compare':
      return !negated && asksForBeginning(node) ? { ...node, operator: '=', right: { kind: 'literal', text: '<', quoted: false, at: node.right.at } } : node;
    default:
      return node;
  }
}

function asksForBeginning({ left, operator, right }: CompareNode): boolean {
  if (left.kind !== 'field' || left.name !== 'evt.dir') return false;
  const texts = right.kind === 'list' ? right.items.map(({ text }) => text) : right.kind === 'literal' ? [right.text] : [];
  return operator === '!=' ? texts[0] === '<' : ['=', '==', 'in', 'intersects'].includes(operator) && texts.includes('>');
}
