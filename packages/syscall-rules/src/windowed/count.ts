import { createCandidates } from '../compile/candidates.ts';
import type { Check } from '../compile/comparison.ts';
import { classOf, classesOf } from '../compile/event-class.ts';
import { createClassCompiler } from '../compile/fast-path.ts';
import type { Event } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { FieldContext } from '../fields/field.ts';
import type { CompiledWindow } from './load.ts';
import { Marks } from './marks.ts';
import { RecentMap } from './recent-map.ts';

/** Most keys one rule remembers: beyond, the one unused longest goes, and that is counted. */
const maxKeys = 20_000;
/** Most different values one key remembers; a rule can't ask for more. */
const maxDistinct = 4096;

/** `near`: events that came with the last one rather than after it, for rules about regular ones. */
type State = { times: number[]; values: string[]; sums: number[]; sum: number; silentUntil: number; near: number };

/** A windowed rule that became true, with what the window held. `seconds` is its length from first to last event. */
export type WindowMatch = { readonly rule: CompiledWindow; readonly count: number; readonly distinct: number; readonly sum: number; readonly seconds: number };

export type WindowCounter = {
  /** Windows that this event completes; each stays silent for its own length afterwards. */
  count(event: Event): readonly WindowMatch[];
  /** Keys forgotten for space since the start, by rule: a number above 0 means windows may have been missed. */
  forgotten(): ReadonlyMap<string, number>;
};

const none: readonly WindowMatch[] = [];

/** A rule and what it remembers. */
type Kept = { readonly rule: CompiledWindow; readonly states: RecentMap<State>; readonly after: Marks; readonly unless: Marks };

/** One of a rule's conditions, for one class of events. `rest`: what is left of it when the event's subjects let it through. */
type Asked = { readonly one: Kept; readonly part: 'after' | 'unless' | 'main'; readonly rest: Check | undefined };

type Class = { readonly asked: readonly Asked[]; of(event: Event): readonly number[] };

/** Counts over all events. With a context the conditions take the fast path of single rules, without one the plain one. */
export function createWindowCounter(rules: readonly CompiledWindow[], context?: FieldContext): WindowCounter {
  const enabled = rules.filter((rule) => rule.enabled);
  const kept = enabled.map((rule): Kept => ({ rule, states: new RecentMap(maxKeys), after: new Marks(maxKeys, rule.afterCount), unless: new Marks(maxKeys) }));
  const byType = eventTypes.map((type) => askedOf(type.id, kept, context));

  return {
    forgotten: () => new Map(kept.map(({ rule, states, after, unless }) => [rule.name, states.forgotten + after.forgotten + unless.forgotten] as const).filter(([, count]) => count > 0)),
    count(event) {
      const classes = byType[event.type];
      if (classes === undefined) return none;
      let matched: WindowMatch[] | undefined;
      const { asked, of } = classes[classOf(event)] as Class;
      if (asked.length === 0) return none;
      const open = of(event);
      for (let index = 0; index < open.length; index += 1) {
        const { one, part, rest } = asked[open[index] as number] as Asked;
        if (rest !== undefined && !rest(event)) continue;
        const match = part === 'main' ? counted(one, event) : marked(one, part, event);
        if (match !== undefined) (matched ??= []).push(match);
      }
      return matched ?? none;
    },
  };
}

function marked(one: Kept, part: 'after' | 'unless', event: Event): undefined {
  one[part].set(one.rule[part]?.key(event) ?? '', event.time);
}

function counted({ rule, states, after, unless }: Kept, event: Event): WindowMatch | undefined {
  const key = rule.key(event);
  if (rule.after !== undefined && !after.within(rule.after.mainKey?.(event) ?? key, event.time, rule.within)) return undefined;
  if (rule.unless !== undefined && unless.within(rule.unless.mainKey?.(event) ?? key, event.time, rule.within)) return undefined;
  return add(rule, states.use(key, newState), event);
}

const newState = (): State => ({ times: [], values: [], sums: [], sum: 0, silentUntil: Number.NEGATIVE_INFINITY, near: 0 });

function askedOf(type: number, kept: readonly Kept[], context: FieldContext | undefined): readonly Class[] | undefined {
  // An event that is both a mark and the rule's own counts as both, the mark first.
  const parts = kept.flatMap((one) => (['after', 'unless', 'main'] as const).flatMap((part) => {
    const asking = part === 'main' ? one.rule : one.rule[part];
    return asking?.eventTypes.includes(type) === true ? [{ one, part, asking }] : [];
  }));
  if (parts.length === 0) return undefined;
  return classesOf(type).map((assumed) => {
    if (context === undefined) {
      return { asked: parts.map(({ one, part, asking }): Asked => ({ one, part, rest: asking.check })), of: createCandidates(type, parts.map(() => new Map())) };
    }
    const compiler = createClassCompiler(parts.map(({ asking }) => asking.condition), assumed, { ...context, usage: 'condition', used: () => undefined });
    const open = parts.flatMap(({ one, part, asking }) => {
      const compiled = compiler.compile(asking.condition);
      return compiled === undefined ? [] : [{ one, part, ...compiled }];
    });
    return { asked: open.map(({ one, part, rest }): Asked => ({ one, part, rest })), of: createCandidates(type, open.map(({ needs }) => needs)) };
  });
}

function add(rule: CompiledWindow, state: State, event: Event): WindowMatch | undefined {
  const { time } = event;
  if (rule.regular !== undefined && isSameBeat(state, time, rule.regular.atLeast)) return undefined;
  let expired = 0;
  while (expired < state.times.length && time - (state.times[expired] as number) > rule.within) expired += 1;
  if (expired > 0) forget(state, expired);
  if (rule.distinct !== undefined) {
    const value = rule.distinct(event);
    // Seen before within the window: only its time is new.
    const known = state.values.indexOf(value);
    if (known >= 0) forgetAt(state, known);
    state.values.push(value);
  }
  state.times.push(time);
  if (rule.sum !== undefined) {
    const value = rule.sum.value(event);
    state.sums.push(value);
    state.sum += value;
  }
  const limit = rule.distinct === undefined ? Math.max(rule.count, 4096) : maxDistinct;
  if (state.times.length > limit) forget(state, state.times.length - limit);
  if (state.times.length < rule.count || (rule.sum !== undefined && state.sum < rule.sum.atLeast)) return undefined;
  if (rule.regular !== undefined && !isRegular(state.times.slice(-rule.count), rule.regular)) return undefined;
  if (time < state.silentUntil) return undefined;
  state.silentUntil = time + rule.within;
  const match = { rule, count: state.times.length, distinct: state.values.length, sum: state.sum, seconds: (time - (state.times[0] ?? time)) / 1e9 };
  return match;
}

// Lists that a rule has no use for stay empty.
function forget(state: State, count: number): void {
  for (let index = 0; index < count && index < state.sums.length; index += 1) state.sum -= state.sums[index] as number;
  dropFirst(state.times, count);
  dropFirst(state.values, count);
  dropFirst(state.sums, count);
}

function dropFirst(list: unknown[], count: number): void {
  if (list.length === 0) return;
  list.copyWithin(0, count);
  list.length -= count;
}

function forgetAt(state: State, index: number): void {
  state.sum -= state.sums[index] ?? 0;
  dropAt(state.times, index);
  dropAt(state.values, index);
  dropAt(state.sums, index);
}

function dropAt(list: unknown[], index: number): void {
  if (index >= list.length) return;
  for (let at = index + 1; at < list.length; at += 1) list[at - 1] = list[at];
  list.pop();
}

/** Events of one beat may be this many: a connection that does not wait is asked for twice, one by name for two addresses. */
const maxBeat = 4;

/** True for an event that belongs to the beat before it. Where more come at once it is no beat: all that was counted goes. */
function isSameBeat(state: State, time: number, atLeast: number): boolean {
  const last = state.times.at(-1);
  if (last === undefined || time - last >= atLeast) {
    state.near = 0;
    return false;
  }
  state.near += 1;
  if (state.near >= maxBeat) {
    state.times = [];
    state.values = [];
    state.sums = [];
    state.sum = 0;
    state.near = 0;
  }
  return true;
}

/** A beacon keeps time: the gaps between its calls vary little around their mean. */
function isRegular(times: readonly number[], { spread, atLeast }: { readonly spread: number; readonly atLeast: number }): boolean {
  const gaps = times.slice(1).map((time, index) => time - (times[index] as number));
  if (gaps.length < 3) return false;
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  if (mean < atLeast) return false;
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length);
  return deviation <= spread * mean;
}

/** The text of a window's output: the placeholders of the template filled in. */
export function windowText(text: string, match: WindowMatch): string {
  const values: Readonly<Record<string, string>> = { count: String(match.count), distinct: String(match.distinct), sum: String(match.sum), seconds: match.seconds.toFixed(1) };
  return text.replaceAll(/\u0001(\w+)\u0001/g, (_, name: string) => values[name] ?? '');
}
