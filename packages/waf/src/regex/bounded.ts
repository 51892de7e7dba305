import { firstOf } from './cost.ts';
import type { Assertion, Node } from './syntax.ts';

// A matcher whose every step is counted. It is slower than V8's, but it can be stopped: patterns that V8's linear engine
// doesn't take, and whose cost in V8's other one nothing bounds, are searched with it.

export type Found = { readonly index: number; readonly groups: readonly (string | undefined)[] };
/** `exceeded`: neither found nor surely absent within the steps. */
export type BoundedSearch = (value: string) => Found | 'exceeded' | undefined;

/** As many steps as take some ten milliseconds. */
const maxSteps = 500_000;
/** Turns of repeats nested on the stack; some ten frames each. */
const maxDepth = 250;

class Exceeded extends Error {}
const exceeded = new Exceeded();

type State = { value: string; steps: number; depth: number; readonly starts: number[]; readonly ends: number[] };
type Next = (at: number) => boolean;
type Matcher = (state: State, at: number, next: Next) => boolean;

const wordBytes = Uint8Array.from({ length: 256 }, (_, byte) => (/\w/.test(String.fromCharCode(byte)) ? 1 : 0));
const isWord = (value: string, at: number): boolean => at >= 0 && at < value.length && wordBytes[value.charCodeAt(at)] === 1;
const boundary = (value: string, at: number): boolean => isWord(value, at - 1) !== isWord(value, at);
const holds: Readonly<Record<Assertion, (value: string, at: number) => boolean>> = {
  start: (_, at) => at === 0,
  end: (value, at) => at === value.length,
  'end-or-newline': (value, at) => at === value.length || (at === value.length - 1 && value[at] === '\n'),
  'line-start': (value, at) => at === 0 || (at < value.length && value[at - 1] === '\n'),
  'line-end': (value, at) => at === value.length || value[at] === '\n',
  word: boundary,
  'not-word': (value, at) => !boundary(value, at),
};

function step(state: State): void {
  state.steps -= 1;
  if (state.steps < 0) throw exceeded;
}

/** Runs what is once through never entered again; where it ends, or -1. Captures are kept. */
function once(matcher: Matcher, state: State, at: number): number {
  let end = -1;
  return matcher(state, at, (reached) => {
    end = reached;
    return true;
  }) ? end : -1;
}

function captures(node: Node): boolean {
  if (node.kind === 'capture') return true;
  if (node.kind === 'concat' || node.kind === 'alternatives') return node.items.some(captures);
  return 'item' in node && captures(node.item);
}

function withCaptures(state: State, run: () => boolean): boolean {
  const starts = [...state.starts];
  const ends = [...state.ends];
  if (run()) return true;
  for (let index = 0; index < starts.length; index += 1) {
    state.starts[index] = starts[index]!;
    state.ends[index] = ends[index]!;
  }
  return false;
}

/** What is not entered again once it is through. */
function sealed(inner: Matcher, keeps: boolean): Matcher {
  return (state, at, next) => {
    const run = (): boolean => {
      const end = once(inner, state, at);
      return end >= 0 && next(end);
    };
    return keeps ? withCaptures(state, run) : run();
  };
}

function repeat(node: Node & { kind: 'repeat' }): Matcher {
  const { item, min, max, mode } = node;
  if (mode === 'possessive') {
    if (item.kind === 'set') {
      const { set } = item;
      return (state, at, next) => {
        const last = Math.min(state.value.length, at + max);
        let end = at;
        while (end < last && set[state.value.charCodeAt(end)] === 1) end += 1;
        state.steps -= end - at;
        step(state);
        return end - at >= min && next(end);
      };
    }
    return sealed(repeat({ ...node, mode: 'greedy' }), captures(item));
  }
  if (item.kind === 'set') {
    const { set } = item;
    return (state, at, next) => {
      const { value } = state;
      const last = Math.min(value.length, max === Infinity ? value.length : at + max);
      let end = at;
      if (mode === 'lazy') {
        for (;;) {
          step(state);
          if (end - at >= min && next(end)) return true;
          if (end >= last || set[value.charCodeAt(end)] !== 1) return false;
          end += 1;
        }
      }
      while (end < last && set[value.charCodeAt(end)] === 1) end += 1;
      state.steps -= end - at;
      for (; end - at >= min; end -= 1) {
        step(state);
        if (next(end)) return true;
      }
      return false;
    };
  }
  const inner = compile(item);
  const keeps = captures(item);
  return (state, from, next) => {
    const turn = (at: number, count: number): boolean => {
      step(state);
      const more = (): boolean => {
        if (count >= max) return false;
        state.depth += 1;
        if (state.depth > maxDepth) throw exceeded;
        const body = (): boolean => inner(state, at, (end) => (end === at && count >= min ? next(end) : turn(end, count + 1)));
        const found = keeps ? withCaptures(state, body) : body();
        state.depth -= 1;
        return found;
      };
      if (count < min) return more();
      return mode === 'lazy' ? next(at) || more() : more() || next(at);
    };
    return turn(from, 0);
  };
}

function reference({ index, fold }: Node & { kind: 'backreference' }): Matcher {
  return (state, at, next) => {
    const start = state.starts[index] ?? -1;
    if (start < 0) return false;
    const text = state.value.slice(start, state.ends[index]);
    const there = state.value.slice(at, at + text.length);
    state.steps -= text.length;
    step(state);
    return (fold ? there.toLowerCase() === text.toLowerCase() : there === text) && next(at + text.length);
  };
}

function look({ item, ahead, negative }: Node & { kind: 'look' }): Matcher {
  const inner = compile(item);
  const found: (state: State, at: number) => boolean = ahead
    ? (state, at) => once(inner, state, at) >= 0
    : (state, at) => {
        for (let from = at; from >= 0; from -= 1) {
          step(state);
          if (inner(state, from, (end) => end === at)) return true;
        }
        return false;
      };
  const keeps = captures(item);
  if (!negative) return (state, at, next) => (keeps ? withCaptures(state, () => found(state, at) && next(at)) : found(state, at) && next(at));
  if (!keeps) return (state, at, next) => !found(state, at) && next(at);
  return (state, at, next) => {
    let there = false;
    withCaptures(state, () => {
      there = found(state, at);
      return false;
    });
    return !there && next(at);
  };
}

/** Bytes that stand one after the other. */
function bytesInTurn(items: readonly Node[]): Matcher {
  const sets = items.flatMap((item) => (item.kind === 'set' ? [item.set] : []));
  return (state, at, next) => {
    const { value } = state;
    step(state);
    if (at + sets.length > value.length) return false;
    for (let index = 0; index < sets.length; index += 1) if (sets[index]![value.charCodeAt(at + index)] !== 1) return false;
    return next(at + sets.length);
  };
}

function compile(node: Node): Matcher {
  switch (node.kind) {
    case 'set': {
      const { set } = node;
      return (state, at, next) => {
        step(state);
        return at < state.value.length && set[state.value.charCodeAt(at)] === 1 && next(at + 1);
      };
    }
    case 'assertion': {
      const test = holds[node.what];
      return (state, at, next) => {
        step(state);
        return test(state.value, at) && next(at);
      };
    }
    case 'concat': {
      const parts: Matcher[] = [];
      for (let at = 0; at < node.items.length; at += 1) {
        let end = at;
        while (node.items[end]?.kind === 'set') end += 1;
        if (end - at > 1) {
          parts.push(bytesInTurn(node.items.slice(at, end)));
          at = end - 1;
        } else parts.push(compile(node.items[at]!));
      }
      const rest = (index: number): Matcher => {
        const part = parts[index];
        if (part === undefined) return (_, at, next) => next(at);
        if (index === parts.length - 1) return part;
        const after = rest(index + 1);
        return (state, at, next) => part(state, at, (end) => after(state, end, next));
      };
      return rest(0);
    }
    case 'alternatives': {
      const matchers = node.items.map(compile);
      const firsts = node.items.map(firstOf);
      // Which of them can begin with a byte; 256 is the end of the value.
      const by = Array.from({ length: 257 }, (_, byte) => matchers.filter((__, index) => firsts[index] === undefined || firsts[index][byte] === 1));
      return (state, at, next) => {
        const able = by[at < state.value.length ? state.value.charCodeAt(at) : 256]!;
        for (let index = 0; index < able.length; index += 1) {
          step(state);
          if (able[index]!(state, at, next)) return true;
        }
        return false;
      };
    }
    case 'capture': {
      const inner = compile(node.item);
      const { index } = node;
      return (state, at, next) => inner(state, at, (end) => {
        const start = state.starts[index]!;
        const stop = state.ends[index]!;
        state.starts[index] = at;
        state.ends[index] = end;
        if (next(end)) return true;
        state.starts[index] = start;
        state.ends[index] = stop;
        return false;
      });
    }
    case 'atomic':
      return sealed(compile(node.item), captures(node.item));
    case 'look':
      return look(node);
    case 'backreference':
      return reference(node);
    case 'repeat':
      return repeat(node);
  }
}

/** What must hold where a match begins. */
function leading(node: Node): Assertion | undefined {
  if (node.kind === 'assertion') return node.what;
  if (node.kind === 'concat') return node.items[0] === undefined ? undefined : leading(node.items[0]);
  return node.kind === 'capture' || node.kind === 'atomic' ? leading(node.item) : undefined;
}

/** Compiles a pattern with so many groups. A search takes no more than half a million steps, whatever the value. */
export function boundedSearch(root: Node, groupCount: number): BoundedSearch {
  const matcher = compile(root);
  const first = firstOf(root);
  const lead = leading(root);
  return (value) => {
    const groups = groupCount + 1;
    const state: State = { value, steps: maxSteps, depth: 0, starts: Array<number>(groups).fill(-1), ends: Array<number>(groups).fill(-1) };
    try {
      for (let index = 0; index <= value.length; index += 1) {
        if (first !== undefined && first[value.charCodeAt(index)] !== 1) continue;
        if (lead !== undefined && !holds[lead](value, index)) {
          if (lead === 'start') break;
          if (lead !== 'line-start') continue;
          const line = value.indexOf('\n', index);
          if (line < 0) break;
          index = line;
          continue;
        }
        const end = once(matcher, state, index);
        if (end < 0) continue;
        return { index, groups: [value.slice(index, end), ...state.starts.slice(1).map((start, at) => (start < 0 ? undefined : value.slice(start, state.ends[at + 1])))] };
      }
      return undefined;
    } catch (error) {
      // A deep pattern may use up the stack sooner: no answer either.
      if (error !== exceeded && !(error instanceof RangeError)) throw error;
      return 'exceeded';
    }
  };
}
