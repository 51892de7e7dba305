import type { Node, Range } from './syntax.ts';

/** Beyond this many atoms a pattern is no longer unrolled. */
const maxAtoms = 6000;

/**
 * The pattern as JavaScript source without any flag. Counted repeats are unrolled (`x{0,3}` becomes nested
 * optional groups), because V8's linear engine takes no large counts; case folding is already in the sets.
 * Answers undefined when unrolling would pass the limit.
 */
export function emitPattern(root: Node): string | undefined {
  let atoms = 0;
  const emit = (node: Node): string => {
    // Every node counts: a tree of empty groups and anchors grows by its repeats as one of characters does.
    atoms += 1;
    if (atoms > maxAtoms) return '';
    switch (node.kind) {
      case 'set':
        return emitSet(node.ranges);
      case 'sequence':
        return node.items.map((item) => (item.kind === 'choice' ? `(?:${emit(item)})` : emit(item))).join('');
      case 'choice':
        return node.items.map(emit).join('|');
      case 'capture':
        return `(${emit(node.body)})`;
      case 'assert':
        return { 'text-start': '^', 'text-end': '$', 'line-start': '(?m:^)', 'line-end': '(?m:$)', 'word-edge': '\\b', 'no-word-edge': '\\B' }[node.at];
      case 'repeat':
        return repeat(node);
      default:
        return '';
    }
  };
  const repeat = (node: Extract<Node, { kind: 'repeat' }>): string => {
    const { min, max } = node;
    const lazy = node.lazy ? '?' : '';
    const unit = (): string => {
      const body = emit(node.body);
      return node.body.kind === 'set' || node.body.kind === 'capture' ? body : `(?:${body})`;
    };
    if (min === 0 && max === 1) return `${unit()}?${lazy}`;
    if (min <= 1 && max === Infinity) return `${unit()}${min === 0 ? '*' : '+'}${lazy}`;
    if (hasCapture(node.body)) {
      atoms += (max === Infinity ? min : max) * 2;
      return `${unit()}{${min},${max === Infinity ? '' : max}}${lazy}`;
    }
    const parts: string[] = [];
    if (atoms + (max === Infinity ? min : max) > maxAtoms) {
      atoms = maxAtoms + 1;
      return '';
    }
    for (let index = 0; index < min; index += 1) parts.push(unit());
    if (max === Infinity) parts.push(`${unit()}*${lazy}`);
    else {
      let open = 0;
      for (let index = min; index < max; index += 1) {
        parts.push(`(?:${unit()}`);
        open += 1;
      }
      parts.push(`)?${lazy}`.repeat(open));
    }
    return parts.join('');
  };
  const source = emit(root);
  return atoms > maxAtoms ? undefined : source;
}

function hasCapture(node: Node): boolean {
  switch (node.kind) {
    case 'capture': return true;
    case 'repeat': return hasCapture(node.body);
    case 'sequence': case 'choice': return node.items.some(hasCapture);
    default: return false;
  }
}

function emitSet(ranges: readonly Range[]): string {
  if (ranges.length === 0) return '[^\\u0000-\\uffff]';
  const only = ranges[0];
  if (ranges.length === 1 && only !== undefined && only[0] === only[1]) return character(only[0]);
  return `[${ranges.map(([low, high]) => (low === high ? character(low) : `${character(low)}-${character(high)}`)).join('')}]`;
}

function character(code: number): string {
  const text = String.fromCharCode(code);
  return /[A-Za-z0-9]/.test(text) ? text : `\\u${code.toString(16).padStart(4, '0')}`;
}
