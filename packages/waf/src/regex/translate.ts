import v8 from 'node:v8';
import { boundedSearch } from './bounded.ts';
import type { BoundedSearch } from './bounded.ts';
import { safeLength } from './cost.ts';
import type { Assertion, Node } from './syntax.ts';
import { PatternError } from './syntax.ts';
import { parsePattern } from './parse.ts';
import { shortestMatch } from './shortest.ts';

/** A compiled pattern: `groups[n]` is the V8 group that holds PCRE's group n. */
export type Pattern = {
  readonly source: string;
  readonly regex: RegExp;
  /** The same for values without a newline, where the assertions of lines are those of the whole value. */
  readonly oneLine: RegExp;
  /** The same with V8's own assertions of lines, for values whose carriage returns were moved (`moveReturns`). */
  readonly lines: RegExp;
  /** Whether `lines` is exact for values that end with a newline too. */
  readonly trailing: boolean;
  /** The longest value that `oneLine` and `lines` may search; Infinity where V8's linear engine can take over. */
  readonly limit: number;
  /** For longer values: the same pattern, its steps counted. Undefined where V8's linear engine can take over. */
  readonly bounded: BoundedSearch | undefined;
  /** Where those are too many: a linear pattern that matches wherever the exact one does; where it isn't `exact`, elsewhere too. Returns are moved. */
  readonly beyond: { readonly regex: RegExp; /** As above; the whole match only where groups were written out. */ readonly groups: readonly number[]; readonly exact: boolean };
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

// With the flag m; the ends of the whole value are spelled as what no byte precedes or follows.
const relaxedAssertions: Assertions = { ...assertions, start: '', end: '', 'end-or-newline': '', 'line-start': '^', 'line-end': '$' };
const linesAssertions: Assertions = { ...assertions, start: '(?<![^])', end: '(?![^])', 'end-or-newline': '(?=\\n?(?![^]))', 'line-start': '^', 'line-end': '$' };

/** V8's own flag: only the linear engine may run the pattern. It proves that the engine takes it. */
const linearFlag: string = 'l';
let armed = false;

/** JavaScript can't interrupt a running RegExp: V8 is told to hand a search that backtracks too often to its linear engine. */
function armLinearEngine(): void {
  if (armed) return;
  v8.setFlagsFromString('--enable-experimental-regexp-engine');
  v8.setFlagsFromString('--enable-experimental-regexp-engine-on-excessive-backtracks');
  armed = true;
}

function isLinear(text: string, flags: string): boolean {
  try {
    void new RegExp(text, flags + linearFlag);
    return true;
  } catch {
    return false; // the engine doesn't know a construct of the pattern; nothing else can be wrong with it
  }
}

const hex = (byte: number): string => {
  const char = String.fromCharCode(byte);
  return /[A-Za-z0-9_ ,:;<>=!@%&'"~`#]/.test(char) ? char : `\\x${byte.toString(16).padStart(2, '0')}`;
};

/** Carriage returns as U+010D: V8 takes U+000D for the end of a line, PCRE doesn't. */
export const moveReturns = (value: string): string => (value.includes('\r') ? value.replaceAll('\r', '\u010d') : value);
export const restoreReturns = (value: string): string => (value.includes('\u010d') ? value.replaceAll('\u010d', '\r') : value);

function classOf(set: Uint8Array, moved: boolean): string {
  if (moved && set[13] === 1 && set.includes(0)) {
    const rest = set.slice();
    rest[13] = 0;
    const text = classOf(rest, false);
    return text === '[]' ? '\\u010d' : text.startsWith('[') ? `${text.slice(0, -1)}\\u010d]` : `[${text}\\u010d]`;
  }
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

/** How a pattern is written: exactly, or so that V8's linear engine takes it and it matches wherever the exact one does. */
type Manner = { readonly assertions: Assertions; readonly relaxed: boolean; /** Counts over what the linear engine knows are written out. */ readonly written: boolean; /** Carriage returns stand as U+010D, which ends no line for V8. */ readonly moved: boolean };

function write(root: Node, captures: number, { assertions: words, relaxed, written, moved }: Manner): { readonly text: string; readonly groups: readonly number[] } {
  const groups: number[] = [0];
  const bodies = new Map<number, Node>();
  let next = 0;
  let repeated = false;

  const wrap = (node: Node, set: Set<number>): string => {
    const text = emit(node, set);
    return node.kind === 'set' || node.kind === 'capture' || (node.kind === 'atomic' && !relaxed) ? (node.kind === 'atomic' ? `(?:${text})` : text) : `(?:${text})`;
  };

  function atomic(node: Node, set: Set<number>): string {
    if (relaxed) return `(?:${emit(node, set)})`;
    next += 1;
    const own = next;
    // A lookahead is never re-entered, so what it captured is what an atomic group would have consumed.
    return `(?=(${emit(node, set)}))\\${own}(?:)`;
  }

  /** The linear engine knows no counts over 16: a repeat is written out, its optional part nested. */
  function writtenOut(node: Node & { kind: 'repeat' }, known: Set<number>): string {
    const item = wrap(node.item, known);
    if (node.max === Infinity && node.min <= maxWritten) return `${item.repeat(node.min)}${item}*`;
    if (node.max - node.min > maxWritten || node.min > maxWritten) if (!relaxed) throw new PatternError('a repeat too long to be written out', 0); else return item.repeat(Math.min(node.min, maxWritten)) + `${item}*`;
    return item.repeat(node.min) + `(?:${item}`.repeat(node.max - node.min) + ')?'.repeat(node.max - node.min);
  }

  function emit(node: Node, known: Set<number>): string {
    switch (node.kind) {
      case 'set':
        return classOf(node.set, moved);
      case 'concat':
        return node.items.map((item) => {
          const text = item.kind === 'alternatives' || item.kind === 'concat' ? `(?:${emit(item, known)})` : emit(item, known);
          certain(item, known);
          return text;
        }).join('');
      case 'alternatives':
        return node.items.map((item) => emit(item, new Set(known))).join('|');
      case 'capture': {
        if (relaxed) return `(?:${emit(node.item, new Set(known))})`;
        next += 1;
        repeated ||= groups[node.index] !== undefined;
        groups[node.index] = next;
        bodies.set(node.index, node.item);
        return `(${emit(node.item, new Set(known))})`;
      }
      case 'atomic':
        return atomic(node.item, new Set(known));
      case 'look':
        return relaxed ? '' : `(?${node.ahead ? '' : '<'}${node.negative ? '!' : '='}${emit(node.item, new Set(known))})`;
      case 'assertion':
        return words[node.what];
      case 'backreference':
        if (relaxed) return '[^]*';
        if (!known.has(node.index)) throw new PatternError(`reference to group ${node.index}, which may be unset there`, 0);
        // V8 folds bytes above 127 too, so a folded reference is exact only where the group holds ASCII.
        if (node.fold && !asciiOnly(bodies.get(node.index))) throw new PatternError('case-insensitive reference to bytes above 127', 0);
        return node.fold ? `(?i:\\${groups[node.index]})` : `\\${groups[node.index]}(?:)`;
      case 'repeat': {
        const { min, max } = node;
        const count = min === 0 && max === Infinity ? '*' : min === 1 && max === Infinity ? '+' : min === 0 && max === 1 ? '?' : max === Infinity ? `{${min},}` : min === max ? `{${min}}` : `{${min},${max}}`;
        // PCRE ends a repeat at an empty turn, JavaScript turns back before it. For one turn at most that can be written down.
        if (min === 0 && max === 1 && node.mode !== 'possessive' && shortestMatch(node.item) === 0) {
          const body = emit(node.item, new Set(known));
          return node.mode === 'lazy' ? `(?:|${body})` : `(?:${body}|)`;
        }
        if (node.mode === 'possessive') return atomic({ ...node, mode: 'greedy' }, new Set(known));
        if (written && count.length > 1) return writtenOut(node, new Set(known));
        return `${wrap(node.item, new Set(known))}${count}${node.mode === 'lazy' ? '?' : ''}`;
      }
    }
  }

  const text = emit(root, new Set());
  for (let index = 1; index <= captures; index += 1) groups[index] ??= 0;
  return { text, groups: repeated ? [0] : groups };
}

/** Repeats are written out up to this count; beyond it a relaxed pattern takes any number. */
const maxWritten = 120;

/** Whether every line start is followed by a byte that the match takes: then one behind the last newline decides nothing. */
function consumesAfterLineStart(node: Node, after: number): boolean {
  switch (node.kind) {
    case 'assertion':
      return node.what !== 'line-start' || after > 0;
    case 'capture':
    case 'atomic':
    case 'repeat':
      return consumesAfterLineStart(node.item, after);
    case 'look':
      return consumesAfterLineStart(node.item, 0);
    case 'alternatives':
      return node.items.every((item) => consumesAfterLineStart(item, after));
    case 'concat':
      return node.items.every((item, at) => consumesAfterLineStart(item, after + node.items.slice(at + 1).reduce((sum, next) => sum + shortestMatch(next), 0)));
    case 'set':
    case 'backreference':
      return true;
  }
}

/** Repeats of something that can be empty: PCRE and V8 agree whether they match, not always on how much and on captures. */
export function hasEmptyTurns(node: Node): boolean {
  switch (node.kind) {
    case 'repeat':
      return (node.max > 1 && shortestMatch(node.item) === 0) || hasEmptyTurns(node.item);
    case 'capture':
    case 'atomic':
    case 'look':
      return hasEmptyTurns(node.item);
    case 'concat':
    case 'alternatives':
      return node.items.some(hasEmptyTurns);
    case 'set':
    case 'assertion':
    case 'backreference':
      return false;
  }
}

/** How much a part takes decides where it can't be entered again or is referred to: there empty turns are refused. */
function refuseEmptyTurns(node: Node, whole: boolean): void {
  const refuse = (item: Node): void => {
    if (hasEmptyTurns(item)) throw new PatternError('a repeat of something that can be empty, where its extent decides', 0);
  };
  if (whole && refersBack(node)) refuse(node);
  if (node.kind === 'atomic') refuse(node.item);
  else if (node.kind === 'repeat') {
    if (node.mode === 'possessive') refuse(node);
    refuseEmptyTurns(node.item, false);
  } else if (node.kind === 'capture' || node.kind === 'look') refuseEmptyTurns(node.item, false);
  else if (node.kind === 'concat' || node.kind === 'alternatives') for (const item of node.items) refuseEmptyTurns(item, false);
}

function refersBack(node: Node): boolean {
  if (node.kind === 'backreference') return true;
  if (node.kind === 'concat' || node.kind === 'alternatives') return node.items.some(refersBack);
  return 'item' in node && refersBack(node.item);
}

/**
 * Translates a PCRE pattern into a V8 RegExp over latin1 strings (one char a byte), or throws a PatternError naming the
 * construct that has no exact counterpart. Case folding is written out, because V8's `i` also folds bytes above 127.
 */
export function translate(source: string, flags: { readonly ignoreCase?: boolean } = {}): Pattern {
  const { root, captures } = parsePattern(source, { i: flags.ignoreCase ?? false });
  refuseEmptyTurns(root, true);
  armLinearEngine();
  const exact = write(root, captures, { assertions, relaxed: false, written: false, moved: false });
  const one = write(root, captures, { assertions: oneLineAssertions, relaxed: false, written: false, moved: false });
  const many = write(root, captures, { assertions: linesAssertions, relaxed: false, written: false, moved: true });
  const same = one.text === exact.text;
  const regex = new RegExp(exact.text);
  const oneLine = same ? regex : new RegExp(one.text);
  const lines = new RegExp(many.text, 'm');
  const linear = isLinear(one.text, '') && isLinear(many.text, 'm');
  const beyond = linear ? { regex: lines, groups: exact.groups, exact: true } : linearForm(root, captures);
  return {
    source, regex, oneLine, lines, groups: exact.groups, root, limit: linear ? Infinity : safeLength(root), bounded: linear ? undefined : boundedSearch(root, captures), trailing: consumesAfterLineStart(root, 0), beyond,
  };
}

/** The pattern with its counts written out where that makes it linear, else a weaker one. */
function linearForm(root: Node, captures: number): Pattern['beyond'] {
  try {
    const { text, groups } = write(root, captures, { assertions: linesAssertions, relaxed: false, written: true, moved: true });
    return { regex: new RegExp(text, `m${linearFlag}`), groups, exact: true };
  } catch {
    // it holds look-arounds or references, or is too long
  }
  try {
    return { regex: new RegExp(write(root, captures, { assertions: relaxedAssertions, relaxed: true, written: true, moved: true }).text, `m${linearFlag}`), groups: [0], exact: false };
  } catch (error) {
    throw new PatternError(`no linear form bounds its time: ${error instanceof Error ? error.message : String(error)}`, 0);
  }
}
