import { collections } from '../engine/collections.ts';
import { scalars } from '../engine/scalars.ts';
import type { Transaction } from '../engine/transaction.ts';
import type { RuleSet } from '../load.ts';
import type { Matcher } from '../operators/operator.ts';
import type { Scanner } from '../prefilter/scanner.ts';
import type { Requirement } from '../prefilter/requirement.ts';
import type { Marker, Phase, Rule } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';
import type { Reach } from './effects-of-steps.ts';
import type { Mask } from './features.ts';
import { noBits } from './features.ts';
import type { Bases, Record } from './records.ts';
import { isMoving, newBases } from './records.ts';
import type { Script } from './script.ts';
import type { Place, Steps } from './steps.ts';
import { newSteps } from './steps.ts';
import { scriptsOf } from './script.ts';

export type LinkTarget = {
  readonly target: Target;
  readonly bases: readonly number[];
  /** By base: the place of the target's key among those that rules ask the base for. */
  readonly selectors: readonly number[] | undefined;
  readonly scalar: ((tx: Transaction) => string | undefined) | undefined;
  /** Which of the TX variables that rules name the target's pattern matches, and whether any. */
  readonly names: { readonly known: ReadonlyMap<string, boolean>; readonly some: boolean } | undefined;
};

/** One rule of a chain, its targets resolved. */
export type Link = {
  readonly rule: Rule;
  readonly targets: readonly LinkTarget[];
  readonly exclusions: readonly Target[];
  readonly place: Place;
  /**
   * Where values come from: lists of the request, one TX variable (`key`), TX variables by a pattern (`names`), one other
   * variable that moves while a phase runs (`scalar`), or anything else that does (`plain`).
   */
  readonly mode: 'action' | 'records' | 'key' | 'names' | 'scalar' | 'plain';
  /** The operator, where its parameter's macros are surely the same for every request. */
  readonly matcher: Matcher | undefined;
  /** Matching changes nothing but the list of matches: the gates of a rule set. */
  readonly silent: boolean;
  /** Has effects of the whole chain (`applyOnce`). */
  readonly effects: boolean;
  readonly next: Link | undefined;
  /** Set where one number decides. */
  readonly gate: Gate | undefined;
};

/** A rule that asks whether one TX variable, or (`count`) how many of it there are, lies between two numbers. */
export type Gate = { readonly key: string; /** As matches name its count. */ readonly name: string; readonly count: boolean; readonly least: number; readonly most: number; readonly negated: boolean };

function gateOf({ operator, targets: [target] }: Rule): Gate | undefined {
  const range = operator?.matcher?.range;
  if (range === undefined || target?.key === undefined) return undefined;
  return { key: target.key, name: `TX:${target.selector ?? ''}`, count: target.count, least: range[0], most: range[1], negated: operator!.negated };
}

/** A rule that values are filtered for: it can't match one that lacks what it requires. */
export type Filtered = { readonly link: Link; readonly at: number; readonly owner: number; readonly requirement: Requirement; readonly bases: readonly number[]; readonly nodes: readonly number[] };

/** Rules between two places where a jump may start or end. Only segments that were once reached are scanned for. */
export type Segment = { state: 'unseen' | 'seen' | 'built'; readonly filtered: Filtered[]; bases: readonly number[] };

/** Which rules of a phase a text at one node can match. */
export type Sieve = {
  /** By owner: place in the phase, or -1. */
  readonly byOwner: Int32Array;
  /** Rules that may match without a literal of two bytes or more, five numbers each: place in the phase, the three words of features that the text must have, its least length. */
  readonly rest: Int32Array;
};
/** What a value must show for its text at a node to match a rule; `owner` is -1 where literals of it may come to be on the way. */
export type Check = Mask & { readonly length: number; readonly owner: number };
export type NodeSieve = {
  readonly node: number;
  /** Features without which every step up to the node changes nothing. */
  readonly triggers: Mask;
  /** Features of which none may be there for the checks to tell more than lengths. */
  readonly upsets: Mask;
  readonly checks: readonly Check[];
  /** Where the last step shortens values: whether it leaves enough of one that shows no feature of `before`. */
  readonly reach: { readonly before: Mask; readonly length: number; readonly test: Reach } | undefined;
  readonly sieve: Sieve;
};
/** One sieve for all nodes at which a text with certain triggers is surely as it came, and the other nodes. */
export type View = { readonly still: Sieve; readonly others: readonly NodeSieve[] };
export type KeyBase = {
  readonly empty: boolean;
  /** For texts that no step changed: rules of every node but those whose steps change anything. */
  readonly still: Sieve;
  readonly triggers: Mask;
  /** Where only some of the triggers are there. */
  viewOf(low: number, high: number, top: number): View;
  /** Nodes whose steps may change anything. */
  readonly always: readonly NodeSieve[];
};
/** `of` wants the place of a value's key among those that rules ask for, or -1. */
export type PhaseBase = { readonly base: number; of(place: number): KeyBase };

export type PhasePlan = {
  readonly phase: Phase;
  readonly entries: readonly (Link | Marker)[];
  /** Segment of each entry, and where its skipAfter leads; -1 where it has none. */
  readonly segmentOf: Int32Array;
  readonly jump: Int32Array;
  readonly segments: readonly Segment[];
  readonly filtered: readonly Filtered[];
  readonly template: Uint8Array;
  /** Rules with skip in their chain, and rules that change REQUEST_BODY under the running phase. */
  readonly skips: Uint8Array;
  readonly widens: Uint8Array;
  /** What a text must have, with whatever literal it was found. */
  readonly needs: Mask[];
  readonly needLength: Float64Array;
  /** Operators that can tell at a glance of most texts that they don't match. */
  readonly dismiss: (((text: string) => boolean) | undefined)[];
  bases: (PhaseBase | undefined)[];
  /** Scratch of the running phase; phases run to their end without a break. */
  readonly todo: Uint8Array;
  readonly hits: Record[][];
  readonly touched: number[];
  readonly distributed: Uint8Array;
};

export type Group = { readonly index: 0 | 1; scanner: Scanner | undefined };
export type Program = {
  readonly ruleSet: RuleSet;
  readonly steps: Steps;
  readonly bases: Bases;
  readonly phases: ReadonlyMap<Phase, PhasePlan>;
  readonly groups: readonly [Group, Group];
  /** Phases laid out for what TX variables surely are; a phase without one is run rule by rule. */
  readonly scripts: ReadonlyMap<Phase, Script>;
  readonly owners: number;
  /** By node: the features a text must have for the step to change it; undefined where nothing tells. */
  stepMasks: (Mask | undefined)[];
  /** Grows with each build; texts of an older one are scanned again. */
  version: number;
  /** A segment was reached that the scanners know nothing of. */
  stale: boolean;
};

/** Request and answer are scanned by different scanners. */
export const groupOf = (phase: Phase): 0 | 1 => (phase <= 2 ? 0 : 1);

/** The names of TX variables that rules spell out. */
function namesIn(ruleSet: RuleSet): ReadonlySet<string> {
  const names = new Set(Array.from({ length: 10 }, (_, index) => String(index)));
  for (const entries of ruleSet.phases.values()) {
    for (const entry of entries) {
      for (let link = entry.kind === 'rule' ? entry : undefined; link !== undefined; link = link.next) {
        for (const { collection, key } of link.setvars) if (collection === 'TX' && key.fixed) names.add(key.text);
      }
    }
  }
  return names;
}

function targetOf(target: Target, moving: boolean, bases: Bases, names: ReadonlySet<string>): LinkTarget {
  const known = target.variable === 'TX' && target.pattern !== undefined ? new Map([...names].map((name) => [name, target.pattern!.test(name)])) : undefined;
  return {
    target, bases: moving ? [] : bases.of(target),
    selectors: moving || target.key === undefined ? undefined : bases.of(target).map((base) => bases.select(base, target.key!)),
    scalar: collections[target.variable] === undefined ? scalars[target.variable] : undefined,
    names: known === undefined ? undefined : { known, some: [...known.values()].includes(true) },
  };
}

function modeOf(rule: Rule, wanted: readonly Target[], single: boolean): Link['mode'] {
  if (rule.operator === undefined) return 'action';
  if (single) return 'key';
  if (!wanted.some(isMoving) && !rule.multiMatch) return 'records';
  const [first] = wanted;
  if (wanted.length !== 1 || rule.multiMatch || first === undefined) return 'plain';
  if (first.variable === 'TX' && first.pattern !== undefined) return 'names';
  return collections[first.variable] === undefined && !first.count ? 'scalar' : 'plain';
}

function linkOf(rule: Rule, steps: Steps, bases: Bases, names: ReadonlySet<string>): Link {
  const wanted = rule.targets.filter((target) => !target.exclude);
  const keyed = wanted.length === rule.targets.length && wanted.every(({ variable, key }) => variable === 'TX' && key !== undefined) && rule.transformations.length === 0 && !rule.multiMatch;
  // With several variables an effect of the first could reach the second, whose value is taken before.
  const single = keyed && (wanted.length === 1 || (rule.setvars.length === 0 && !rule.capture));
  const effects = rule.initcols.length + rule.ctls.length + rule.setenvs.length + rule.expirevars.length > 0;
  const mode = modeOf(rule, wanted, single);
  return {
    rule, mode, matcher: undefined, effects, silent: !effects && !rule.chain && rule.setvars.length === 0 && !rule.capture && rule.msg === undefined && rule.logdata === undefined && rule.tags.length === 0 && rule.severity === undefined, place: steps.place(rule.transformations), exclusions: rule.targets.filter((target) => target.exclude),
    targets: wanted.map((target) => targetOf(target, wanted.some(isMoving), bases, names)),
    next: rule.next === undefined ? undefined : linkOf(rule.next, steps, bases, names),
    gate: mode === 'key' && wanted.length === 1 ? gateOf(rule) : undefined,
  };
}

function jumpsOf(link: Link): string | undefined {
  let name: string | undefined;
  for (let at: Link | undefined = link; at !== undefined; at = at.next) name = at.rule.skipAfter ?? name;
  return name;
}
const hasSkip = (link: Link): boolean => link.rule.skip > 0 || (link.next !== undefined && hasSkip(link.next));

/** The rules of a set resolved for running; nothing is built for scanning yet. */
export function newProgram(ruleSet: RuleSet): Program {
  const steps = newSteps();
  const bases = newBases();
  const names = namesIn(ruleSet);
  let owners = 0;
  const phases = new Map<Phase, PhasePlan>();
  for (const [phase, list] of ruleSet.phases) {
    const entries = list.map((entry) => (entry.kind === 'marker' ? entry : linkOf(entry, steps, bases, names)));
    const segmentOf = new Int32Array(entries.length);
    const jump = new Int32Array(entries.length).fill(-1);
    const template = new Uint8Array(entries.length);
    const segments: Segment[] = [];
    const skips = new Uint8Array(entries.length);
    const widens = new Uint8Array(entries.length);
    const filtered: Filtered[] = [];
    let open = false;
    for (const [at, entry] of entries.entries()) {
      const marker = 'kind' in entry;
      if (!open || marker) segments.push({ state: 'unseen', filtered: [], bases: [] });
      open = true;
      segmentOf[at] = segments.length - 1;
      if (marker) continue;
      const name = jumpsOf(entry);
      if (name !== undefined) {
        const to = entries.findIndex((other, index) => index > at && 'kind' in other && other.name === name);
        jump[at] = to < 0 ? entries.length : to;
      }
      const matcher = entry.rule.operator?.matcher;
      const requirement = entry.rule.operator?.negated === true ? undefined : matcher?.requires?.();
      const countless = entry.targets.every(({ target }) => !target.count && !isMoving(target));
      if (requirement !== undefined && countless && (requirement.literals !== undefined || requirement.sets.length > 0) && (entry.mode === 'records' || entry.rule.multiMatch)) {
        const own = [...new Set(entry.targets.flatMap(({ target }) => [...bases.of(target)]))];
        const made: Filtered = { link: entry, at, owner: owners, requirement, bases: own, nodes: entry.rule.multiMatch ? entry.place.passes : [entry.place.node] };
        owners += 1;
        filtered.push(made);
        segments.at(-1)!.filtered.push(made);
      } else template[at] = 1;
      if (hasSkip(entry)) skips[at] = 1;
      for (let link: Link | undefined = entry; link !== undefined; link = link.next) if (link.rule.ctls.some(({ word }) => word === 'forcerequestbodyvariable')) widens[at] = 1;
      if (name !== undefined || skips[at] === 1) open = false;
    }
    const { length } = entries;
    phases.set(phase, {
      phase, entries, segmentOf, jump, segments, filtered, template, skips, widens, needs: Array.from({ length }, () => noBits), needLength: new Float64Array(length), dismiss: entries.map((entry) => ('kind' in entry ? undefined : entry.rule.operator?.matcher?.dismisses)), bases: [],
      todo: new Uint8Array(length), hits: entries.map(() => []), touched: [], distributed: new Uint8Array(0),
    });
  }
  for (const plan of phases.values()) Object.assign(plan, { distributed: new Uint8Array(bases.all.length) });
  return { ruleSet, steps, bases, phases, scripts: scriptsOf(ruleSet, phases), groups: [{ index: 0, scanner: undefined }, { index: 1, scanner: undefined }], owners, stepMasks: [], version: 0, stale: false };
}
