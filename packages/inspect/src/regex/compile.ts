import { createRequire } from 'node:module';
import v8 from 'node:v8';
import type { RE2JS } from 're2js';
import { optionalRow } from './branching.ts';
import { emitPattern } from './emit.ts';
import { linearEngine } from './linear-engine.ts';
import { PatternError, UntranslatedSyntax, parsePattern } from './syntax.ts';

/** A compiled RE2 pattern whose time is linear in the text, whatever the text. */
export type Pattern = {
  readonly source: string;
  /** Which engine runs it: V8 (backtracking, falling back to V8's linear engine) or re2js. */
  readonly engine: 'v8' | 're2js';
  test(text: string): boolean;
  /** Every match, left to right, as [start, end). */
  matchAll(text: string): Iterable<readonly [number, number]>;
  /** The groups of the first match, index 0 the whole; undefined when nothing matches. */
  groups(text: string): readonly string[] | undefined;
};

/** V8's own flag: only the linear engine may run the pattern. */
const linear: string = 'l';

let armed = false;

/**
 * JavaScript cannot interrupt a running RegExp. V8 can hand a pattern that backtracks too often to its linear
 * engine, if told so before the pattern is compiled; the flag `l` then proves at compile time that the pattern
 * is one the linear engine takes.
 */
function armLinearEngine(): void {
  if (armed) return;
  for (const flag of linearEngine) v8.setFlagsFromString(flag);
  armed = true;
}

/** Compiles RE2 syntax (as Go takes it). Throws PatternError. */
export function compilePattern(source: string): Pattern {
  armLinearEngine();
  const translated = translate(source);
  return translated === undefined ? slowPattern(source) : fastPattern(source, translated);
}

/**
 * Whether any of the patterns finds something, asked as one pattern of alternatives: a scan asks this of every path, and a
 * call for each pattern costs more than the search. Where the whole is more than one pattern may be, they are asked in turn.
 */
export function anyOf(patterns: readonly Pattern[]): (text: string) => boolean {
  if (patterns.length < 2) return (text) => patterns.some((pattern) => pattern.test(text));
  let joined: Pattern | undefined;
  let tried = false;
  return (text) => {
    if (!tried) {
      tried = true;
      try {
        joined = compilePattern(patterns.map(({ source }) => `(?:${source})`).join('|'));
      } catch {
        joined = undefined;
      }
    }
    return joined === undefined ? patterns.some((pattern) => pattern.test(text)) : joined.test(text);
  };
}

/** The same, compiled when it is first asked: for patterns known to be good. What a bad one throws comes then. */
export function latePattern(source: string): Pattern {
  let compiled: Pattern | undefined;
  const own = (): Pattern => (compiled ??= compilePattern(source));
  return {
    source,
    get engine() {
      return own().engine;
    },
    test: (text) => own().test(text),
    matchAll: (text) => own().matchAll(text),
    groups: (text) => own().groups(text),
  };
}

type Translated = { readonly source: string; /** '' or the linear engine's flag. */ readonly flags: string };

/** Rows of optional parts longer than this are kept from V8's backtracking compiler; gitleaks' rules have up to five. */
const maxOptionalRow = 12;

function translate(source: string): Translated | undefined {
  try {
    const tree = parsePattern(source);
    const translated = emitPattern(tree);
    if (translated === undefined) return undefined;
    void new RegExp(translated, linear);
    return { source: translated, flags: optionalRow(tree) > maxOptionalRow ? linear : '' };
  } catch (error) {
    if (error instanceof PatternError) throw error;
    if (error instanceof UntranslatedSyntax || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function fastPattern(source: string, translated: Translated): Pattern {
  const once = new RegExp(translated.source, translated.flags);
  const many = new RegExp(translated.source, `g${translated.flags}`);
  return {
    source,
    engine: 'v8',
    test: (text) => once.test(text),
    *matchAll(text) {
      many.lastIndex = 0;
      for (let match = many.exec(text); match !== null; match = many.exec(text)) {
        const end = match.index + match[0].length;
        const resume = end === match.index ? end + 1 : end;
        yield [match.index, end];
        many.lastIndex = resume;
      }
    },
    groups(text) {
      const match = once.exec(text);
      return match === null ? undefined : Array.from(match, (group: string | undefined) => group ?? '');
    },
  };
}

/** Loaded for the first pattern that needs it. */
const re2js = (): { readonly RE2JS: typeof RE2JS } => createRequire(import.meta.url)('re2js') as { readonly RE2JS: typeof RE2JS };

function slowPattern(source: string): Pattern {
  let compiled: RE2JS;
  try {
    compiled = re2js().RE2JS.compile(source);
  } catch (error) {
    throw new PatternError(error instanceof Error ? error.message : String(error), 0);
  }
  return {
    source,
    engine: 're2js',
    test: (text) => compiled.matcher(text).find(),
    *matchAll(text) {
      const matcher = compiled.matcher(text);
      while (matcher.find()) yield [matcher.start(), matcher.end()];
    },
    groups(text) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '');
    },
  };
}
