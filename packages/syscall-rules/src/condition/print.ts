import type { ConditionNode, OperandNode } from './ast.ts';
import { quoteForCondition } from './quoted.ts';

/** Longest printed condition: macros used many times can blow up a text that is small as a graph. */
const maxPrinted = 1_000_000;

/** The condition as text, macros and lists expanded. */
export function printCondition(node: ConditionNode): string {
  let length = 0;
  const print = (node: ConditionNode, outer: 'or' | 'and' | 'not' | 'top'): string => {
    if (length > maxPrinted) return '…';
    const text = printOne(node, outer);
    length += text.length;
    return text;
  };
  const printOne = (node: ConditionNode, outer: 'or' | 'and' | 'not' | 'top'): string => {
    switch (node.kind) {
      case 'and':
      case 'or': {
        const text = node.children.map((child) => print(child, node.kind)).join(` ${node.kind} `);
        return outer === 'top' || outer === node.kind ? text : `(${text})`;
      }
      case 'not':
        return `not ${print(node.child, 'not')}`;
      case 'exists':
        return `${printOperand(node.left)} exists`;
      case 'compare':
        return `${printOperand(node.left)} ${node.operator}${node.modifier === undefined ? '' : ` ${node.modifier}`} ${node.right.kind === 'list' ? `(${node.right.items.map((item) => quoteForCondition(item.text)).join(', ')})` : printOperand(node.right)}`;
      case 'macro':
        return node.name;
      case 'expanded':
        return print(node.body, outer);
    }
  };
  return print(node, 'top');
}

/** A field or transformer as it is written in a condition. */
export function printOperand(node: OperandNode): string {
  switch (node.kind) {
    case 'field':
      return node.argument === undefined ? node.name : `${node.name}[${/^[^[\]"'\s]+$/.test(node.argument) ? node.argument : JSON.stringify(node.argument)}]`;
    case 'literal':
      return quoteForCondition(node.text);
    case 'tuple':
      return `(${node.items.map(printOperand).join(', ')})`;
    case 'transform':
      return `${node.name}(${node.args.map((arg) => (arg.kind === 'literal' ? JSON.stringify(arg.text) : printOperand(arg))).join(', ')})`;
  }
}
