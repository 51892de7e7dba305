import type { Node } from '../regex/syntax.ts';

/** More alternatives than this say too little to be worth their place in the automaton. */
const maxLiterals = 2000;

/** The one byte, lower case, that a set stands for when case is ignored; undefined when it stands for several. */
function only(set: Uint8Array): string | undefined {
  let found = -1;
  for (let byte = 0; byte < 256; byte += 1) {
    if (set[byte] !== 1) continue;
    const folded = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    if (found >= 0 && found !== folded) return undefined;
    found = folded;
  }
  return found < 0 ? undefined : String.fromCharCode(found);
}

const shortest = (literals: readonly string[]): number => Math.min(...literals.map((literal) => literal.length));

function better(a: readonly string[] | undefined, b: readonly string[] | undefined): readonly string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const gain = shortest(b) - shortest(a);
  return gain > 0 || (gain === 0 && b.length < a.length) ? b : a;
}

/**
 * Lower-case literals of which every match contains at least one, or undefined where none can be promised. A value
 * without any of them cannot match, whatever else the pattern says: assertions and look-arounds only narrow further.
 */
export function necessaryLiterals(node: Node): readonly string[] | undefined {
  switch (node.kind) {
    case 'set': {
      const char = only(node.set);
      return char === undefined ? undefined : [char];
    }
    case 'capture':
    case 'atomic':
      return necessaryLiterals(node.item);
    case 'repeat':
      return node.min > 0 ? necessaryLiterals(node.item) : undefined;
    case 'alternatives': {
      const all: string[] = [];
      for (const item of node.items) {
        const found = necessaryLiterals(item);
        if (found === undefined) return undefined;
        all.push(...found);
        if (all.length > maxLiterals) return undefined;
      }
      return [...new Set(all)];
    }
    case 'concat': {
      let best: readonly string[] | undefined;
      let run = '';
      for (const item of node.items) {
        const char = item.kind === 'set' ? only(item.set) : undefined;
        if (char !== undefined) {
          run += char;
          continue;
        }
        if (item.kind === 'assertion') continue;
        if (run !== '') best = better(best, [run]);
        run = '';
        best = better(best, necessaryLiterals(item));
      }
      return run === '' ? best : better(best, [run]);
    }
    case 'look':
    case 'assertion':
    case 'backreference':
      return undefined;
  }
}
