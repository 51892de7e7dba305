import { RE2JS } from 're2js';

/** Longest pattern: matching costs pattern times text at worst, and rules come from users. */
const maxPattern = 4096;

/**
 * A matcher for a shell pattern over the whole text: `*`, `?`, `[…]`, `\x`; `*` also matches "/", as Falco's glob
 * does. Extended groups such as `@(a|b)` are compiled to a linear regular expression. Throws on a broken pattern.
 */
export function globMatcher(pattern: string): (text: string) => boolean {
  if (pattern.length > maxPattern) throw new Error(`pattern longer than ${maxPattern} characters`);
  if (/[?*+@!]\(/.test(pattern)) return extended(pattern);
  const parts = parse(pattern);
  return parts.every(({ kind }) => kind === 'star' || kind === 'char') ? literalMatcher(parts) : (text) => matches(parts, text);
}

/** Only letters and stars: beginning, end, and the stretches between in their order, each as far left as it goes. */
function literalMatcher(parts: readonly Part[]): (text: string) => boolean {
  const stretches = [''];
  for (const part of parts) {
    if (part.kind === 'char') stretches[stretches.length - 1] += part.char;
    else stretches.push('');
  }
  const [start = ''] = stretches;
  if (stretches.length === 1) return (text) => text === start;
  const end = stretches.at(-1) ?? '';
  const between = stretches.slice(1, -1);
  return (text) => {
    if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return false;
    let at = start.length;
    for (const stretch of between) {
      const found = text.indexOf(stretch, at);
      if (found < 0) return false;
      at = found + stretch.length;
    }
    return at <= text.length - end.length;
  };
}

type Part = { readonly kind: 'star' } | { readonly kind: 'any' } | { readonly kind: 'char'; readonly char: string } | { readonly kind: 'set'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] };

function parse(pattern: string): Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    if (char === '*') {
      if (parts.at(-1)?.kind !== 'star') parts.push({ kind: 'star' });
    } else if (char === '?') parts.push({ kind: 'any' });
    else if (char === '\\' && at + 1 < pattern.length) {
      at += 1;
      parts.push({ kind: 'char', char: pattern[at] as string });
    } else if (char === '[') {
      const set = parseSet(pattern, at);
      if (set === undefined) parts.push({ kind: 'char', char });
      else {
        parts.push(set.part);
        at = set.end;
      }
    } else parts.push({ kind: 'char', char });
  }
  return parts;
}

function parseSet(pattern: string, start: number): { readonly part: Part; readonly end: number } | undefined {
  let at = start + 1;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at += 1;
  const ranges: (readonly [string, string])[] = [];
  const first = at;
  while (at < pattern.length && (pattern[at] !== ']' || at === first)) {
    const named = /^\[:(\w+):\]/.exec(pattern.slice(at));
    if (named !== null) {
      ranges.push(...(classes[named[1] ?? ''] ?? []));
      at += named[0].length;
      continue;
    }
    const from = pattern[at] as string;
    if (pattern[at + 1] === '-' && at + 2 < pattern.length && pattern[at + 2] !== ']') {
      ranges.push([from, pattern[at + 2] as string]);
      at += 3;
    } else {
      ranges.push([from, from]);
      at += 1;
    }
  }
  return at >= pattern.length ? undefined : { part: { kind: 'set', negated, ranges }, end: at };
}

const classes: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  digit: [['0', '9']],
  alpha: [['a', 'z'], ['A', 'Z']],
  alnum: [['a', 'z'], ['A', 'Z'], ['0', '9']],
  lower: [['a', 'z']],
  upper: [['A', 'Z']],
  space: [['\t', '\r'], [' ', ' ']],
  xdigit: [['0', '9'], ['a', 'f'], ['A', 'F']],
  punct: [['!', '/'], [':', '@'], ['[', '`'], ['{', '~']],
};

// One star is remembered at a time: when the rest fails, only the last star can usefully take one more character.
// So the time is at most pattern times text, with no recursion.
function matches(parts: readonly Part[], text: string): boolean {
  let part = 0;
  let at = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const current = parts[part];
    if (current !== undefined && current.kind === 'star') {
      star = part;
      starAt = at;
      part += 1;
    } else if (current !== undefined && fits(current, text[at] as string)) {
      part += 1;
      at += 1;
    } else if (star >= 0) {
      part = star + 1;
      starAt += 1;
      at = starAt;
    } else return false;
  }
  while (parts[part]?.kind === 'star') part += 1;
  return part === parts.length;
}

function fits(part: Part, char: string): boolean {
  if (part.kind === 'any') return true;
  if (part.kind === 'char') return part.char === char;
  return part.kind === 'set' && part.ranges.some(([from, to]) => char >= from && char <= to) !== part.negated;
}

function extended(pattern: string): (text: string) => boolean {
  let source = '';
  const closers: string[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    const group = /^[?*+@]\(/.test(pattern.slice(at, at + 2));
    if (pattern.startsWith('!(', at)) throw new Error('patterns of the form !(…) are not supported: no linear matcher can decide them');
    if (group) {
      source += '(?:';
      closers.push(char === '@' ? ')' : `)${char}`);
      at += 1;
    } else if (char === ')' && closers.length > 0) source += closers.pop() ?? ')';
    else if (char === '|' && closers.length > 0) source += '|';
    else if (char === '*') source += '(?s:.)*';
    else if (char === '?') source += '(?s:.)';
    else if (char === '[') {
      const set = parseSet(pattern, at);
      if (set === undefined) source += '\\[';
      else {
        source += setSource(set.part);
        at = set.end;
      }
    } else source += RE2JS.quote(char === '\\' ? (pattern[(at += 1)] ?? '\\') : char);
  }
  if (closers.length > 0) throw new Error('a group in the pattern is not closed');
  const regex = RE2JS.compile(source);
  return (text) => regex.matches(text);
}

function setSource(part: Part): string {
  if (part.kind !== 'set') return '';
  const escape = (char: string): string => (/[\\\]^-]/.test(char) ? `\\${char}` : char);
  return `[${part.negated ? '^' : ''}${part.ranges.map(([from, to]) => (from === to ? escape(from) : `${escape(from)}-${escape(to)}`)).join('')}]`;
}
