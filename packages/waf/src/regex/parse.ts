import { anyByte, complement, escapes, foldCase, posix, setOf, union } from './byte-sets.ts';
import type { Node } from './syntax.ts';
import { PatternError } from './syntax.ts';

/** Deepest nesting of groups: a hostile rule file must not exhaust the stack. */
const maxDepth = 200;
/** PCRE's own upper bound of a counted repeat. */
const maxRepeat = 65_535;

type Flags = { i: boolean; m: boolean; s: boolean; x: boolean; D: boolean };
export type Parsed = { readonly root: Node; readonly captures: number; readonly names: ReadonlyMap<string, number> };

const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, e: 27, a: 7 };
const quantifier = /^\{(\d+)(?:(,)(\d*))?\}/;

/** Parses PCRE syntax over bytes under the flags ModSecurity 3 compiles with (dot matches all, multi-line). */
export function parsePattern(source: string, initial: Partial<Flags> = {}): Parsed {
  let at = 0;
  let captures = 0;
  const total = countCaptures(source);
  const names = new Map<string, number>();
  const fail = (message: string, where = at): never => {
    throw new PatternError(message, where);
  };
  const single = (byte: number, flags: Flags): Node => {
    if (byte > 255) fail('character above \\xff');
    const fold = flags.i && ((byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122));
    return { kind: 'set', set: fold ? foldCase(setOf(byte)) : setOf(byte), fold };
  };

  function alternatives(flags: Flags, depth: number): Node {
    if (depth > maxDepth) fail('groups nested too deeply');
    const options: Node[] = [];
    for (;;) {
      options.push(sequence(flags, depth));
      if (source[at] !== '|') break;
      at += 1;
    }
    return options.length === 1 ? options[0]! : { kind: 'alternatives', items: options };
  }

  function sequence(flags: Flags, depth: number): Node {
    const items: Node[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') {
      if (flags.x && /[\s#]/.test(source[at]!)) {
        if (source[at] === '#') while (at < source.length && source[at] !== '\n') at += 1;
        else at += 1;
        continue;
      }
      if (source.startsWith('\\Q', at)) {
        const end = source.indexOf('\\E', at + 2);
        for (const char of source.slice(at + 2, end < 0 ? undefined : end)) items.push(single(char.charCodeAt(0), flags));
        at = end < 0 ? source.length : end + 2;
        if (items.length > 0) items.push(repeat(items.pop()!));
        continue;
      }
      if (source.startsWith('\\E', at)) {
        at += 2;
        continue;
      }
      const item = atom(flags, depth);
      if (item !== undefined) items.push(repeat(item));
    }
    return items.length === 1 ? items[0]! : { kind: 'concat', items };
  }

  function repeat(item: Node): Node {
    let result = item;
    for (;;) {
      let min = 0;
      let max = Infinity;
      const char = source[at];
      if (char === '*') at += 1;
      else if (char === '+') [min, at] = [1, at + 1];
      else if (char === '?') [max, at] = [1, at + 1];
      else {
        const counted = char === '{' ? quantifier.exec(source.slice(at, at + 16)) : null;
        if (counted === null) return result;
        min = Number(counted[1]);
        max = counted[2] === undefined ? min : counted[3] === '' ? Infinity : Number(counted[3]);
        if (min > maxRepeat || (max !== Infinity && max > maxRepeat)) fail('repeat count too large');
        if (max < min) fail('numbers out of order in {} quantifier');
        at += counted[0].length;
      }
      if (result.kind === 'assertion') fail('a quantifier follows an assertion');
      const suffix = source[at];
      const mode = suffix === '?' ? 'lazy' : suffix === '+' ? 'possessive' : 'greedy';
      if (mode !== 'greedy') at += 1;
      result = { kind: 'repeat', item: result, min, max, mode };
    }
  }

  function atom(flags: Flags, depth: number): Node | undefined {
    const start = at;
    const char = source[at]!;
    at += 1;
    if (char === '(') return group(flags, depth, start);
    if (char === '[') return characterClass(flags, start);
    if (char === '.') return { kind: 'set', set: flags.s ? anyByte : escapes['N']!, fold: false };
    if (char === '^') return { kind: 'assertion', what: flags.m ? 'line-start' : 'start' };
    if (char === '$') return { kind: 'assertion', what: flags.m ? 'line-end' : flags.D ? 'end' : 'end-or-newline' };
    if (char === '\\') return escape(flags);
    if (char === '*' || char === '+' || char === '?') fail('quantifier without anything to repeat', start);
    return single(char.charCodeAt(0), flags);
  }

  function group(flags: Flags, depth: number, start: number): Node | undefined {
    const close = (item: Node): Node => {
      if (source[at] !== ')') fail('missing )', start);
      at += 1;
      return item;
    };
    const inner = (): Node => close(alternatives({ ...flags }, depth + 1));
    if (source[at] === '*') return fail('backtracking verbs are not supported', start);
    if (source[at] !== '?') {
      captures += 1;
      const index = captures;
      return { kind: 'capture', index, item: inner() };
    }
    at += 1;
    const rest = source.slice(at, at + 80);
    if (rest.startsWith('#')) {
      at = source.indexOf(')', at) + 1;
      return at === 0 ? fail('unterminated comment', start) : undefined;
    }
    for (const [mark, make] of groupKinds) {
      if (rest.startsWith(mark)) {
        at += mark.length;
        return make(inner());
      }
    }
    if (rest.startsWith('|')) return fail('branch reset groups are not supported', start);
    const named = /^(?:P?<([A-Za-z_]\w*)>|'([A-Za-z_]\w*)')/.exec(rest);
    if (named !== null) {
      at += named[0].length;
      captures += 1;
      const index = captures;
      names.set(named[1] ?? named[2]!, index);
      return { kind: 'capture', index, item: inner() };
    }
    const back = /^P=([A-Za-z_]\w*)\)/.exec(rest);
    if (back !== null) {
      at += back[0].length;
      return { kind: 'backreference', index: names.get(back[1]!) ?? fail('unknown group name', start), fold: flags.i };
    }
    const options = /^(\^?)([imsxJUXn]*)(?:-([imsxJUXn]*))?([:)])/.exec(rest);
    if (options === null) return fail('unsupported group', start);
    if (/[JUXn]/.test(`${options[2]}${options[3] ?? ''}`)) fail('unsupported inline option', start);
    const next = { ...flags };
    if (options[1] === '^') Object.assign(next, { i: false, m: false, s: false, x: false });
    for (const letter of options[2]!) next[letter as 'i'] = true;
    for (const letter of options[3] ?? '') next[letter as 'i'] = false;
    at += options[0].length;
    if (options[4] === ':') return close(alternatives(next, depth + 1));
    Object.assign(flags, next); // (?i) holds to the end of the enclosing group, later alternatives included
    return undefined;
  }

  function escape(flags: Flags): Node {
    const start = at - 1;
    const char = source[at] ?? fail('\\ at the end of the pattern');
    at += 1;
    const set = escapes[char];
    if (set !== undefined) return { kind: 'set', set, fold: false };
    if (char === 'b') return { kind: 'assertion', what: 'word' };
    if (char === 'B') return { kind: 'assertion', what: 'not-word' };
    if (char === 'A') return { kind: 'assertion', what: 'start' };
    if (char === 'z') return { kind: 'assertion', what: 'end' };
    if (char === 'Z') return { kind: 'assertion', what: 'end-or-newline' };
    if (char === 'R') {
      return {
        kind: 'atomic',
        item: { kind: 'alternatives', items: [{ kind: 'concat', items: [single(13, flags), single(10, flags)] }, { kind: 'set', set: escapes['v']!, fold: false }] },
      };
    }
    if ('GKXCpPLuUlg'.includes(char) && char !== 'g') fail(`\\${char} has no exact counterpart`, start);
    const reference = char === 'g' || char === 'k' ? /^(?:\{(-?\w+)\}|(-?\d+)|<(\w+)>|'(\w+)')/.exec(source.slice(at, at + 40)) : null;
    if (char === 'g' || char === 'k') {
      if (reference === null) return fail(`unsupported \\${char}`, start);
      at += reference[0].length;
      const name = reference[1] ?? reference[2] ?? reference[3] ?? reference[4]!;
      const number = /^-?\d+$/.test(name) ? Number(name) : (names.get(name) ?? fail('unknown group name', start));
      return { kind: 'backreference', index: number < 0 ? captures + 1 + number : number, fold: flags.i };
    }
    if (char >= '1' && char <= '9') {
      const digits = /^\d*/.exec(source.slice(at, at + 2))![0];
      const number = Number(char + digits);
      if (number < 10 || number <= total) {
        if (number > total) fail('reference to a group that does not exist', start);
        at += digits.length;
        return { kind: 'backreference', index: number, fold: flags.i };
      }
    }
    at -= 1;
    return single(byteEscape(), flags);
  }

  /** A backslash escape that stands for one byte, the backslash being consumed; the same in and outside a class. */
  function byteEscape(): number {
    const char = source[at]!;
    const octal = /^[0-7]{1,3}/.exec(source.slice(at, at + 3));
    if (octal !== null && (char === '0' || octal[0].length > 0)) {
      at += octal[0].length;
      return Number.parseInt(octal[0], 8) & 255;
    }
    at += 1;
    if (char === 'x') {
      const hex = /^(?:\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{0,2}))/.exec(source.slice(at, at + 12))!;
      at += hex[0].length;
      const byte = Number.parseInt(hex[1] ?? (hex[2] === '' ? '0' : hex[2]!), 16);
      return byte > 255 ? fail('character above \\xff') : byte;
    }
    if (char === 'o') {
      const digits = /^\{([0-7]+)\}/.exec(source.slice(at, at + 12)) ?? fail('bad \\o{}');
      at += digits[0].length;
      return Number.parseInt(digits[1]!, 8);
    }
    if (char === 'c') {
      const control = source.charCodeAt(at);
      at += 1;
      return (control >= 97 && control <= 122 ? control - 32 : control) ^ 64;
    }
    return controls[char] ?? char.charCodeAt(0);
  }

  function characterClass(flags: Flags, start: number): Node {
    const negative = source[at] === '^';
    if (negative) at += 1;
    let set: Uint8Array = new Uint8Array(256);
    let first = true;
    for (;;) {
      if (at >= source.length) fail('missing ] of a character class', start);
      if (source[at] === ']' && !first) break;
      first = false;
      if (source.startsWith('\\E', at) || source.startsWith('\\Q', at)) {
        at += 2;
        continue;
      }
      const low = member();
      if (typeof low !== 'number') {
        set = union(set, low);
        continue;
      }
      if (source[at] === '-' && source[at + 1] !== ']' && at + 1 < source.length) {
        const dash = at;
        at += 1;
        const high = member();
        if (typeof high === 'number') {
          if (high < low) fail('range out of order in a character class', dash);
          for (let byte = low; byte <= high; byte += 1) set[byte] = 1;
        } else set = union(set, setOf(low, 45), high);
        continue;
      }
      if (low > 255) fail('character above \\xff');
      set[low] = 1;
    }
    at += 1;
    if (flags.i) set = foldCase(set);
    return { kind: 'set', set: negative ? complement(set) : set, fold: flags.i };
  }

  function member(): number | Uint8Array {
    const named = source[at] === '[' ? /^\[:(\^?)([a-z]+):\]/.exec(source.slice(at, at + 14)) : null;
    if (named !== null) {
      const set = posix[named[2]!] ?? fail(`unknown class [:${named[2]}:]`);
      at += named[0].length;
      return named[1] === '^' ? complement(set) : set;
    }
    const char = source[at]!;
    at += 1;
    if (char !== '\\') return char.charCodeAt(0);
    const next = source[at] ?? fail('\\ at the end of the pattern');
    if (next === 'b') {
      at += 1;
      return 8;
    }
    if (escapes[next] !== undefined && next !== 'N') {
      at += 1;
      return escapes[next];
    }
    if ('NRXBpPgGKLuUlCzZA'.includes(next) && 'NRXBpP'.includes(next)) fail(`\\${next} is not allowed in a character class`);
    return byteEscape();
  }

  const root = alternatives({ i: false, m: true, s: true, x: false, D: false, ...initial }, 0);
  if (at < source.length) fail('unmatched )');
  return { root, captures, names };
}

const groupKinds: readonly (readonly [string, (item: Node) => Node])[] = [
  [':', (item) => item],
  ['>', (item) => ({ kind: 'atomic', item })],
  ['=', (item) => ({ kind: 'look', item, ahead: true, negative: false })],
  ['!', (item) => ({ kind: 'look', item, ahead: true, negative: true })],
  ['<=', (item) => ({ kind: 'look', item, ahead: false, negative: false })],
  ['<!', (item) => ({ kind: 'look', item, ahead: false, negative: true })],
];

/** How many capturing groups a pattern has, counted roughly ahead: `\10` is a reference only where group 10 exists. */
function countCaptures(source: string): number {
  return [...source.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:\^?[a-z]+:\]|[^\]])*\]|\((?!\?)|\(\?(?:P?<(?![=!])|')/g)].filter((found) => found[0].startsWith('(')).length;
}
