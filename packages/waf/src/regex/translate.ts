import type { Assertion, Node } from './syntax.ts';
import { PatternError } from './syntax.ts';
import { parsePattern } from './parse.ts';

/** A compiled pattern: `groups[n]` is the V8 group that holds PCRE's group n. */
export type Pattern = {
  readonly source: string;
  readonly regex: RegExp;
  /** The same for values without a newline, where the assertions of lines are those of the whole value. */
  readonly oneLine: RegExp;
  readonly groups: readonly number[];
  readonly root: Node;
};

type Assertions = Readonly<Record<Assertion, string>>;
const assertions: Assertions = {
  start: '^',
  end: '$',
  'end-or-newline': '(?=\\n?$)',
  // PCRE's multi-line circumflex does not match after a newline that ends the subject.
  'line-start': '(?:^|(?<=\\n)(?!$))',
  'line-end': '(?=\\n|$)',
  word: '\\b',
  'not-word': '\\B',
};

const oneLineAssertions: Assertions = { ...assertions, 'end-or-newline': '$', 'line-start': '^', 'line-end': '$' };

const hex = (byte: number): string => {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_ ,:;<>=!@%&'"~`#]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
};

function classOf(set: Uint8Array): string {
  let text = '';
  let members = 0;
  for (let byte = 0; byte < 256; byte += 1) {
    if (set[byte] !== 1) continue;
    let last = byte;
    while (last < 255 && set[last + 1] === 1) last += 1;
    members += last - byte + 1;
    text += last === byte ? hex(byte) : last === byte + 1 ? hex(byte) + hex(last) : `${hex(byte)}-${hex(last)}`;
    byte = last;
  }
  if (members === 256) return '[^]';
  if (members === 0) return '[]';
  if (members === 1) return text;
  return `[${text}]`;
}

/** Groups that have surely taken part when the sequence up to here has matched: only those may be referred to. */
function certain(node: Node, into: Set<number>): void {
  if (node.kind === 'capture') {
    into.add(node.index);
    certain(node.item, into);
  } else if (node.kind === 'concat') for (const item of node.items) certain(item, into);
  else if (node.kind === 'atomic' || (node.kind === 'repeat' && node.min > 0 && node.max === 1)) certain(node.item, into);
}

function asciiOnly(node: Node | undefined): boolean {
  if (node === undefined) return false;
  if (node.kind === 'set') return !node.set.includes(1, 128);
  if (node.kind === 'concat' || node.kind === 'alternatives') return node.items.every(asciiOnly);
  if (node.kind === 'repeat' || node.kind === 'capture' || node.kind === 'atomic') return asciiOnly(node.item);
  return node.kind !== 'backreference';
}

/**
 * Translates a PCRE pattern into a V8 RegExp over latin1 strings (one char a byte), or throws a PatternError naming the
 * construct that has no exact counterpart. Case folding is written out, because V8's `i` also folds bytes above 127.
 */
export function translate(source: string, flags: { readonly ignoreCase?: boolean } = {}): Pattern {
  const { root, captures } = parsePattern(source, { i: flags.ignoreCase ?? false });
  const groups: number[] = [0];
  const bodies = new Map<number, Node>();
  let next = 0;
  let words = assertions;

  const wrap = (node: Node, set: Set<number>): string => {
    const text = emit(node, set);
    return node.kind === 'set' || node.kind === 'capture' || node.kind === 'atomic' ? (node.kind === 'atomic' ? `(?:${text})` : text) : `(?:${text})`;
  };

  function atomic(node: Node, set: Set<number>): string {
    next += 1;
    const own = next;
    // A lookahead is never re-entered, so what it captured is what an atomic group would have consumed.
    return `(?=(${emit(node, set)}))\\${own}(?:)`;
  }

  function emit(node: Node, known: Set<number>): string {
    switch (node.kind) {
      case 'set':
        return classOf(node.set);
      case 'concat':
        return node.items.map((item) => {
          const text = item.kind === 'alternatives' || item.kind === 'concat' ? `(?:${emit(item, known)})` : emit(item, known);
          certain(item, known);
          return text;
        }).join('');
      case 'alternatives':
        return node.items.map((item) => emit(item, new Set(known))).join('|');
      case 'capture': {
        next += 1;
        groups[node.index] = next;
        bodies.set(node.index, node.item);
        return `(${emit(node.item, new Set(known))})`;
      }
      case 'atomic':
        return atomic(node.item, new Set(known));
      case 'look':
        return `(?${node.ahead ? '' : '<'}${node.negative ? '!' : '='}${emit(node.item, new Set(known))})`;
      case 'assertion':
        return words[node.what];
      case 'backreference':
        if (!known.has(node.index)) throw new PatternError(`reference to group ${node.index}, which may be unset there`, 0);
        // V8 folds bytes above 127 too, so a folded reference is exact only where the group holds ASCII.
        if (node.fold && !asciiOnly(bodies.get(node.index))) throw new PatternError('case-insensitive reference to bytes above 127', 0);
        return node.fold ? `(?i:\\${groups[node.index]})` : `\\${groups[node.index]}(?:)`;
      case 'repeat': {
        const { min, max } = node;
        const count = min === 0 && max === Infinity ? '*' : min === 1 && max === Infinity ? '+' : min === 0 && max === 1 ? '?' : max === Infinity ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`;
        if (node.mode === 'possessive') return atomic({ ...node, mode: 'greedy' }, new Set(known));
        return `${wrap(node.item, new Set(known))}${count}${node.mode === 'lazy' ? '?' : ''}`;
      }
    }
  }

  const text = emit(root, new Set());
  for (let index = 1; index <= captures; index += 1) groups[index] ??= 0;
  next = 0;
  words = oneLineAssertions;
  const lineText = emit(root, new Set());
  const regex = new RegExp(text);
  return { source, regex, oneLine: lineText === text ? regex : new RegExp(lineText), groups, root };
}
