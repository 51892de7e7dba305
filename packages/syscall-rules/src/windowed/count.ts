import { createCandidates } from '../compile/candidates.ts';
import type { Check } from '../compile/comparison.ts';
import { classOf, classesOf } from '../compile/event-class.ts';
import { createClassCompiler } from '../compile/fast-path.ts';
import type { Event } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { FieldContext } from '../fields/field.ts';
import type { CompiledWindow } from './load.ts';
import { Marks } from './marks.ts';

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

/** What a rule asks of one class of events; undefined: that can't be true of them. */
type Asked = { readonly rule: CompiledWindow; readonly check: Check | undefined; readonly after: Check | undefined; readonly unless: Check | undefined };

type Class = { readonly asked: readonly Asked[]; of(event: Event): readonly number[] };

/** Counts over all events. With a context the conditions take the fast path of single rules, without one the plain one. */
export function createWindowCounter(rules: readonly CompiledWindow[], context?: FieldContext): WindowCounter {
  const enabled = rules.filter((rule) => rule.enabled);
  const states = new Map<CompiledWindow, Map<string, State>>(enabled.map((rule) => [rule, new Map()]));
  const forgotten = new Map<string, number>();
  const marks = new Map(enabled.map((rule) => [rule, { after: new Marks(maxKeys, rule.afterCount), unless: new Marks(maxKeys) }]));
  const byType = eventTypes.map((type) => askedOf(type.id, enabled, context));

  function stateOf(rule: CompiledWindow, key: string): State {
    const keys = states.get(rule) as Map<string, State>;
    let state = keys.get(key);
    if (state === undefined) {
      if (keys.size >= maxKeys) {
        const oldest = keys.keys().next().value;
        if (oldest !== undefined) keys.delete(oldest);
        forgotten.set(rule.name, (forgotten.get(rule.name) ?? 0) + 1);
      }
      state = { times: [], values: [], sums: [], sum: 0, silentUntil: Number.NEGATIVE_INFINITY, near: 0 };
    } else keys.delete(key); // put back at the end: the map's order is that of last use
    keys.set(key, state);
    return state;
  }

  return {
    forgotten() {
      const all = new Map(forgotten);
      for (const [rule, { after, unless }] of marks) {
        const count = after.forgotten + unless.forgotten;
        if (count > 0) all.set(rule.name, (all.get(rule.name) ?? 0) + count);
      }
      return all;
    },
    count(event) {
      const classes = byType[event.type];
      if (classes === undefined) return none;
      let matched: WindowMatch[] | undefined;
      const { asked, of } = classes[classOf(event)] as Class;
      if (asked.length === 0) return none;
      for (const index of of(event)) {
        const { rule, check, after: isAfter, unless: isUnless } = asked[index] as Asked;
        const { after, unless } = marks.get(rule) as { readonly after: Marks; readonly unless: Marks };
        if (isAfter?.(event) === true) after.set(rule.after?.key(event) ?? '', event.time);
        if (isUnless?.(event) === true) unless.set(rule.unless?.key(event) ?? '', event.time);
        if (check?.(event) !== true) continue;
        const key = rule.key(event);
        if (rule.after !== undefined && !after.within(rule.after.mainKey?.(event) ?? key, event.time, rule.within)) continue;
        if (rule.unless !== undefined && unless.within(rule.unless.mainKey?.(event) ?? key, event.time, rule.within)) continue;
        const match = add(rule, stateOf(rule, key), event);
        if (match !== undefined) (matched ??= []).push(match);
      }
      return matched ?? none;
    },
  };
}

function askedOf(type: number, rules: readonly CompiledWindow[], context: FieldContext | undefined): readonly Class[] | undefined {
  const about = (one: { readonly eventTypes: readonly number[] } | undefined): boolean => one?.eventTypes.includes(type) === true;
  const asking = rules.filter((rule) => about(rule) || about(rule.after) || about(rule.unless));
  if (asking.length === 0) return undefined;
  return classesOf(type).map((assumed) => {
    if (context === undefined) {
      const every = asking.map((_, index) => index);
      return { asked: asking.map((rule): Asked => ({ rule, check: rule.check, after: rule.after?.check, unless: rule.unless?.check })), of: () => every };
    }
    const parts = asking.map((rule) => ({ rule, all: [rule, rule.after, rule.unless].map((one) => (one !== undefined && about(one) ? one.condition : undefined)) }));
    const compiler = createClassCompiler(parts.flatMap(({ all }) => all.filter((condition) => condition !== undefined)), assumed, { ...context, usage: 'condition', used: () => undefined });
    const kept = parts
      .map(({ rule, all }) => ({ rule, all: all.map((condition) => (condition === undefined ? undefined : compiler.compile(condition))) }))
      .filter(({ all }) => all.some((one) => one !== undefined));
    return {
      asked: kept.map(({ rule, all: [check, after, unless] }): Asked => ({ rule, check: check?.check, after: after?.check, unless: unless?.check })),
      of: createCandidates(type, kept.map(({ all }) => all.map((one) => one?.needs))),
    };
  });
}

function add(rule: CompiledWindow, state: State, event: Event): WindowMatch | undefined {
  const { time } = event;
  if (rule.regular !== undefined && isSameBeat(state, time, rule.regular.atLeast)) return undefined;
  let expired = 0;
  while (expired < state.times.length && time - (state.times[expired] as number) > rule.within) expired += 1;
  if (expired > 0) forget(rule, state, expired);
  if (rule.distinct !== undefined) {
    const value = rule.distinct(event);
    const known = state.values.indexOf(value);
    // Seen before within the window: only its time is new.
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
  if (state.times.length > limit) forget(rule, state, state.times.length - limit);
  if (state.times.length < rule.count || (rule.sum !== undefined && state.sum < rule.sum.atLeast)) return undefined;
  if (rule.regular !== undefined && !isRegular(state.times.slice(-rule.count), rule.regular)) return undefined;
  if (time < state.silentUntil) return undefined;
  state.silentUntil = time + rule.within;
  const match = { rule, count: state.times.length, distinct: state.values.length, sum: state.sum, seconds: (time - (state.times[0] ?? time)) / 1e9 };
  return match;
}

function forget(rule: CompiledWindow, state: State, count: number): void {
  state.times.splice(0, count);
  if (rule.distinct !== undefined) state.values.splice(0, count);
  if (rule.sum !== undefined) for (const value of state.sums.splice(0, count)) state.sum -= value;
}

function forgetAt(state: State, index: number): void {
  state.times.splice(index, 1);
  state.values.splice(index, 1);
  const [value] = state.sums.splice(index, 1);
  state.sum -= value ?? 0;
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
