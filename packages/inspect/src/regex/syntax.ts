/** The tree of an RE2 pattern. Sets are sorted, non-overlapping ranges of UTF-16 code units. */
export type Range = readonly [number, number];
export type Node =
  | { readonly kind: 'set'; readonly ranges: readonly Range[] }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | { readonly kind: 'capture'; readonly body: Node }
  | { readonly kind: 'repeat'; readonly body: Node; readonly min: number; readonly max: number; readonly lazy: boolean }
  | { readonly kind: 'assert'; readonly at: 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word-edge' | 'no-word-edge' };

/** Why a pattern is no RE2 pattern, and at which character. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Syntax this translator leaves to the slower engine (Unicode classes). */
export class UntranslatedSyntax extends Error {
  override readonly name = 'UntranslatedSyntax';
}

const top = 0xffff;
const digit: readonly Range[] = [[48, 57]];
const word: readonly Range[] = [[48, 57], [65, 90], [95, 95], [97, 122]];
const space: readonly Range[] = [[9, 10], [12, 13], [32, 32]];
const posix: Readonly<Record<string, readonly Range[]>> = {
  alnum: [[48, 57], [65, 90], [97, 122]], alpha: [[65, 90], [97, 122]], ascii: [[0, 127]], blank: [[9, 9], [32, 32]], cntrl: [[0, 31], [127, 127]],
  digit, graph: [[33, 126]], lower: [[97, 122]], print: [[32, 126]], punct: [[33, 47], [58, 64], [91, 96], [123, 126]], space: [[9, 13], [32, 32]],
  upper: [[65, 90]], word, xdigit: [[48, 57], [65, 70], [97, 102]],
};

export function normalise(ranges: readonly Range[]): Range[] {
  const sorted = ranges.toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [low, high] of sorted) {
    const last = merged.at(-1);
    if (last !== undefined && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else merged.push([low, Math.min(high, top)]);
  }
  return merged;
}

export function complement(ranges: readonly Range[]): Range[] {
  const out: Range[] = [];
  let next = 0;
  for (const [low, high] of normalise(ranges)) {
    if (low > next) out.push([next, low - 1]);
    next = high + 1;
  }
  if (next <= top) out.push([next, top]);
  return out;
}

/** Go folds by Unicode's simple orbits: ASCII letters, and the two signs that share a fold with k and s. */
function folded(ranges: readonly Range[]): Range[] {
  const out: Range[] = [...ranges];
  for (const [low, high] of ranges) {
    const shift = (from: number, to: number, by: number): void => {
      const start = Math.max(low, from);
      const end = Math.min(high, to);
      if (start <= end) out.push([start + by, end + by]);
    };
    shift(65, 90, 32);
    shift(97, 122, -32);
    const holds = (code: number): boolean => low <= code && code <= high;
    if (holds(75) || holds(107)) out.push([0x212a, 0x212a]);
    if (holds(83) || holds(115)) out.push([0x17f, 0x17f]);
    if (holds(0x212a)) out.push([75, 75], [107, 107]);
    if (holds(0x17f)) out.push([83, 83], [115, 115]);
    if (low === high && low > 127) {
      for (const other of [String.fromCharCode(low).toLowerCase(), String.fromCharCode(low).toUpperCase()]) {
        if (other.length === 1) out.push([other.charCodeAt(0), other.charCodeAt(0)]);
      }
    }
  }
  return normalise(out);
}

type Flags = { i: boolean; m: boolean; s: boolean; U: boolean };
/** Against patterns that drive the recursive parser, or what comes after it, into the ground. */
const limits = { length: 20_000, depth: 200, repeat: 1000 } as const;

/** How often the innermost part of a tree would stand in it, were every counted repeat written out. */
function repeats(node: Node): number {
  const known = counted.get(node);
  if (known !== undefined) return known;
  const inner = node.kind === 'sequence' || node.kind === 'choice' ? node.items : node.kind === 'capture' || node.kind === 'repeat' ? [node.body] : [];
  const times = node.kind === 'repeat' ? Math.max(1, node.max === Infinity ? node.min : node.max) : 1;
  const count = times * Math.max(1, ...inner.map(repeats));
  counted.set(node, count);
  return count;
}

/** Each node is counted once, so that a chain of quantifiers costs no more than its length. */
const counted = new WeakMap<Node, number>();

/** Parses RE2 syntax as Go's regexp package takes it. Throws PatternError, or UntranslatedSyntax. */
export function parsePattern(text: string): Node {
  if (text.length > limits.length) throw new PatternError(`longer than ${limits.length} characters`, 0);
  let at = 0;
  let depth = 0;
  let flags: Flags = { i: false, m: false, s: false, U: false };
  const fail = (message: string): never => {
    throw new PatternError(message, at);
  };
  const set = (ranges: readonly Range[]): Node => ({ kind: 'set', ranges: flags.i ? folded(normalise(ranges)) : normalise(ranges) });

  const root = choice();
  if (at < text.length) fail('unexpected )');
  return root;

  function choice(): Node {
    if (++depth > limits.depth) fail(`nested deeper than ${limits.depth}`);
    const outer = { ...flags };
    const items: Node[] = [sequence()];
    while (text[at] === '|') {
      at += 1;
      items.push(sequence());
    }
    flags = outer;
    depth -= 1;
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'choice', items };
  }

  function sequence(): Node {
    const items: Node[] = [];
    while (at < text.length && text[at] !== '|' && text[at] !== ')') {
      const item = atom();
      if (item !== undefined) items.push(repeated(item));
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { kind: 'sequence', items };
  }

  function repeated(item: Node): Node {
    let body = item;
    for (;;) {
      const bounds = quantifier();
      if (bounds === undefined) return body;
      let lazy = flags.U;
      if (text[at] === '?') {
        at += 1;
        lazy = !lazy;
      }
      body = { kind: 'repeat', body, min: bounds[0], max: bounds[1], lazy };
      // RE2's own rule against patterns that only explode once compiled: nested counts multiply to 1,000 at most.
      if (repeats(body) > limits.repeat) fail('invalid repeat count: nested repeats multiply to more than 1000');
    }
  }

  function quantifier(): readonly [number, number] | undefined {
    const sign = text[at];
    if (sign === '*' || sign === '+' || sign === '?') {
      at += 1;
      return sign === '*' ? [0, Infinity] : sign === '+' ? [1, Infinity] : [0, 1];
    }
    if (sign !== '{') return undefined;
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(text.slice(at, at + 16));
    if (match === null) return undefined;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === '' ? Infinity : Number(match[3]);
    if (min > limits.repeat || (max !== Infinity && max > limits.repeat) || max < min) fail(`invalid repeat count ${match[0]}`);
    at += match[0].length;
    return [min, max];
  }

  function atom(): Node | undefined {
    const sign = text[at] ?? '';
    switch (sign) {
      case '(': return group();
      case '[': return set(bracket());
      case '.': at += 1; return { kind: 'set', ranges: flags.s ? [[0, top]] : complement([[10, 10]]) };
      case '^': at += 1; return { kind: 'assert', at: flags.m ? 'line-start' : 'text-start' };
      case '$': at += 1; return { kind: 'assert', at: flags.m ? 'line-end' : 'text-end' };
      case '\\': return escape();
      case '*': case '+': case '?': return fail(`nothing to repeat before ${sign}`);
      default: at += 1; return set([[sign.charCodeAt(0), sign.charCodeAt(0)]]);
    }
  }

  function group(): Node | undefined {
    const rest = text.slice(at, at + 80);
    const flagged = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest);
    let open = 1;
    let capture = true;
    if (flagged !== null) {
      const next = { ...flags };
      for (const flag of flagged[1] ?? '') next[flag as keyof Flags] = true;
      for (const flag of flagged[2] ?? '') next[flag as keyof Flags] = false;
      if (flagged[3] === ')') {
        at += flagged[0].length;
        flags = next;
        return undefined;
      }
      const outer = flags;
      at += flagged[0].length;
      flags = next;
      const body = choice();
      flags = outer;
      close();
      return { kind: 'sequence', items: [body] };
    }
    if (rest.startsWith('(?')) {
      const named = /^\(\?P?<[A-Za-z_]\w*>/.exec(rest);
      if (named === null) fail('unknown group; RE2 has no look-around');
      else open = named[0].length;
      capture = true;
    }
    at += open;
    const body = choice();
    close();
    return capture ? { kind: 'capture', body } : body;
  }

  function close(): void {
    if (text[at] !== ')') fail('missing )');
    at += 1;
  }

  function escape(): Node | undefined {
    const next = text[at + 1] ?? fail('a lone \\ at the end');
    if (next === 'Q') {
      const end = text.indexOf('\\E', at + 2);
      const literal = text.slice(at + 2, end < 0 ? undefined : end);
      at = end < 0 ? text.length : end + 2;
      return { kind: 'sequence', items: Array.from({ length: literal.length }, (_, index) => set([[literal.charCodeAt(index), literal.charCodeAt(index)]])) };
    }
    const assertion = ({ A: 'text-start', z: 'text-end', b: 'word-edge', B: 'no-word-edge' } as const)[next as 'A'];
    if (assertion !== undefined) {
      at += 2;
      return { kind: 'assert', at: assertion };
    }
    return set(escapedRanges());
  }

  /** One escape that stands for characters, in or out of a class. */
  function escapedRanges(): readonly Range[] {
    const next = text[at + 1] ?? fail('a lone \\ at the end');
    const shorthand = { d: digit, w: word, s: space }[next.toLowerCase()];
    if (shorthand !== undefined && /[dwsDWS]/.test(next)) {
      at += 2;
      return next === next.toLowerCase() ? shorthand : complement(shorthand);
    }
    if (next === 'p' || next === 'P') throw new UntranslatedSyntax('a Unicode class');
    const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(text.slice(at, at + 12));
    if (hex !== null) {
      const code = Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
      if (code > top) throw new UntranslatedSyntax('a character beyond the basic plane');
      at += hex[0].length;
      return [[code, code]];
    }
    const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(text.slice(at, at + 5));
    if (octal !== null) {
      at += octal[0].length;
      const code = Number.parseInt(octal[1] ?? '0', 8);
      return [[code, code]];
    }
    const control = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }[next];
    if (control === undefined && /[A-Za-z0-9]/.test(next)) fail(`unknown escape \\${next}`);
    at += 2;
    const code = control ?? next.charCodeAt(0);
    return [[code, code]];
  }

  function bracket(): readonly Range[] {
    const start = at;
    at += 1;
    const negated = text[at] === '^';
    if (negated) at += 1;
    const ranges: Range[] = [];
    for (let first = true; first || text[at] !== ']'; first = false) {
      if (at >= text.length) {
        at = start;
        fail('missing ]');
      }
      const named = /^\[:(\^?)(\w+):\]/.exec(text.slice(at, at + 14));
      if (named !== null) {
        const known = posix[named[2] ?? ''] ?? fail(`unknown class ${named[0]}`);
        ranges.push(...(named[1] === '^' ? complement(known) : known));
        at += named[0].length;
        continue;
      }
      const low = member();
      if (text[at] === '-' && text[at + 1] !== ']' && text[at + 1] !== undefined && low.length === 1 && low[0]?.[0] === low[0]?.[1]) {
        at += 1;
        const high = member();
        const from = low[0]?.[0] ?? 0;
        const to = high[0]?.[0] ?? 0;
        if (high.length !== 1 || to < from) fail('invalid range in class');
        ranges.push([from, high[0]?.[1] ?? to]);
      } else ranges.push(...low);
    }
    at += 1;
    const whole = flags.i ? folded(normalise(ranges)) : ranges;
    return negated ? complement(whole) : whole;
  }

  function member(): readonly Range[] {
    if (text[at] === '\\') return escapedRanges();
    const code = text.charCodeAt(at);
    at += 1;
    return [[code, code]];
  }
}
