import { lowerAscii } from '../bytes.ts';
import { commonness } from '../prefilter/requirement.ts';
import { buildScanner } from '../prefilter/scanner.ts';
import { foldCase, setOf } from '../regex/byte-sets.ts';
import { chainEffect, lengthBefore, reaches } from './effects-of-steps.ts';
import type { Features, Mask } from './features.ts';
import { both, chooseFeatures, hasAny, isNone, noBits } from './features.ts';
import type { Check, Filtered, KeyBase, NodeSieve, PhaseBase, PhasePlan, Program, Sieve, View } from './program.ts';
import { groupOf } from './program.ts';

/** Short words are in every text; a rule that also demands a rare byte is better found by that. */
function literalsOf({ requirement: { literals, sets } }: Filtered): readonly string[] | undefined {
  const common = literals?.some((literal) => /^[a-z0-9]{1,3}$/i.test(literal)) ?? false;
  return common && sets.some((set) => commonness(set) <= 12 && !set.some((member, byte) => member === 1 && /[a-z0-9]/i.test(String.fromCharCode(byte)))) ? undefined : literals;
}
const longOf = (filtered: Filtered): string[] => (literalsOf(filtered) ?? []).map(lowerAscii).filter((literal) => literal.length > 1);

/** The bytes that are literals by themselves, as one set: a text with one of them may match without a longer literal. */
function shortOf(filtered: Filtered): Uint8Array[] {
  const single = (literalsOf(filtered) ?? []).filter((literal) => literal.length === 1);
  return single.length === 0 ? [] : [foldCase(setOf(...single.map((literal) => literal.charCodeAt(0))))];
}

/** Builds what scanning needs for every segment that was reached so far. */
export function buildProgram(program: Program): void {
  const live: { plan: PhasePlan; filtered: Filtered }[] = [];
  for (const plan of program.phases.values()) {
    for (const segment of plan.segments) {
      if (segment.state === 'unseen') continue;
      segment.state = 'built';
      segment.bases = [...new Set(segment.filtered.flatMap(({ bases }) => bases))];
      for (const filtered of segment.filtered) live.push({ plan, filtered });
    }
  }
  const { nodes } = program.steps;
  const used = new Set<number>();
  for (const { filtered } of live) for (let node of filtered.nodes) for (; node > 0; node = nodes[node]!.parent) used.add(node);
  const upsets = [...used].map((node) => chainEffect(namesTo(program, node)).upset).filter((set) => set.includes(1) && set.includes(0));
  const features = chooseFeatures([...[...used].flatMap((node) => nodes[node]!.trigger ?? []), ...upsets], live.map(({ filtered }) => ({ ...filtered.requirement, sets: [...filtered.requirement.sets, ...shortOf(filtered)], ...(shortOf(filtered).length > 0 || literalsOf(filtered) === undefined ? { literals: undefined } : {}) })));
  program.stepMasks = nodes.map(({ trigger }, node) => {
    if (node === 0 || trigger === undefined) return undefined;
    const mask = features.need([trigger]);
    return trigger.includes(1) && isNone(mask) ? undefined : mask; // no question asked for it: always run
  });
  for (const group of program.groups) {
    const entries = live.filter(({ plan, filtered }) => groupOf(plan.phase) === group.index && literalsOf(filtered) !== undefined);
    group.scanner = buildScanner(entries.map(({ filtered }) => ({ owner: filtered.owner, literals: longOf(filtered) })), program.owners, features);
  }
  for (const plan of program.phases.values()) {
    const own = live.filter((entry) => entry.plan === plan).map(({ filtered }) => filtered);
    for (const filtered of own) {
      const { at, requirement } = filtered;
      plan.needs[at] = features.need(requirement.sets);
      plan.needLength[at] = requirement.length;
    }
    plan.bases = [];
    for (const base of new Set(own.flatMap(({ bases }) => bases))) plan.bases[base] = phaseBase(program, plan, features, base, own.filter(({ bases }) => bases.includes(base)));
  }
  program.version += 1;
  program.stale = false;
}

/** Views are made when a text first asks for one; strange texts could ask for very many. */
const maxViews = 256;

/** The names of the steps that lead to a node. */
function namesTo(program: Program, node: number): string[] {
  const names: string[] = [];
  for (let step = node; step > 0; step = program.steps.nodes[step]!.parent) names.unshift(program.steps.nodes[step]!.name);
  return names;
}

/** What a value as it came shows of the rules at a node: which of them its text there surely can't match. */
function checksOf(program: Program, features: Features, node: number, rules: readonly Filtered[]): Pick<NodeSieve, 'upsets' | 'checks' | 'reach'> {
  const names = namesTo(program, node);
  const { upset, brings, keeps } = chainEffect(names);
  const upsets = features.need(upset.includes(1) ? [upset] : []);
  const opaque = upset.includes(1) && isNone(upsets);
  const checks = rules.map((filtered): Check => {
    const { sets, length } = filtered.requirement;
    const literals = literalsOf(filtered);
    const least = lengthBefore(names, length);
    if (opaque) return { ...noBits, length: least, owner: -1 };
    const need = features.need([...sets, ...(literals === undefined || longOf(filtered).length > 0 ? [] : shortOf(filtered))].filter((set) => !set.some((member, byte) => member === 1 && brings[byte] === 1)));
    return { ...need, length: least, owner: literals !== undefined && literals.every((literal) => literal.length > 1 && keeps(lowerAscii(literal))) ? filtered.owner : -1 };
  });
  return { upsets, checks, reach: reachOf(program, node, rules) };
}

/** The masks of the steps on the way to a node as one, or undefined where one of them may change anything. */
function triggersTo(program: Program, node: number): Mask | undefined {
  let triggers = noBits;
  for (let step = node; step > 0; step = program.steps.nodes[step]!.parent) {
    const mask = program.stepMasks[step];
    if (mask === undefined) return undefined;
    triggers = both(triggers, mask);
  }
  return triggers;
}

function reachOf(program: Program, node: number, rules: readonly Filtered[]): NodeSieve['reach'] {
  const { name, parent } = program.steps.nodes[node]!;
  const before = node === 0 ? undefined : triggersTo(program, parent);
  return before === undefined || !Object.hasOwn(reaches, name) ? undefined : { before, length: Math.min(...rules.map(({ requirement: { length } }) => length)), test: reaches[name]! };
}

/** The rules of a phase that look at one base, for the values under each of the keys that rules ask it for. */
function phaseBase(program: Program, plan: PhasePlan, features: Features, base: number, rules: readonly Filtered[]): PhaseBase {
  const keys = [...program.bases.all[base]!.selectors.keys()];
  const byPlace: KeyBase[] = [];
  const asked = (key: string | undefined) => ({ link }: Filtered): boolean => link.targets.some(({ target, bases }) => bases.includes(base) && (target.key === undefined || target.key === key));
  return { base, of: (place) => (byPlace[place + 1] ??= keyBase(program, plan, features, rules.filter(asked(keys[place])))) };
}

function keyBase(program: Program, plan: PhasePlan, features: Features, rules: readonly Filtered[]): KeyBase {
  const changesAll = (node: number): boolean => triggersTo(program, node) === undefined;
  const sieve = (accepts: (filtered: Filtered) => boolean): Sieve => {
    const byOwner = new Int32Array(program.owners).fill(-1);
    const rest: number[] = [];
    for (const filtered of rules) {
      if (!accepts(filtered)) continue;
      if (literalsOf(filtered) === undefined || shortOf(filtered).length > 0) {
        const { low, high, top } = both(plan.needs[filtered.at]!, features.need(shortOf(filtered)));
        rest.push(filtered.at, low, high, top, Math.min(filtered.requirement.length, 0x7fffffff));
      }
      byOwner[filtered.owner] = filtered.at;
    }
    return { byOwner, rest: Int32Array.from(rest) };
  };
  const used = [...new Set(rules.flatMap(({ nodes: own }) => own))];
  const at = (node: number): NodeSieve => {
    const own = rules.filter(({ nodes: passed }) => passed.includes(node));
    return { node, triggers: triggersTo(program, node) ?? noBits, ...checksOf(program, features, node, own), sieve: sieve((filtered) => own.includes(filtered)) };
  };
  const calmNodes = used.filter((node) => !changesAll(node));
  const calm = calmNodes.map(at);
  const triggers = calm.reduce((all, node) => both(all, node.triggers), noBits);
  const over = (within: readonly number[]): Sieve => sieve(({ nodes: own }) => own.some((node) => within.includes(node)));
  const newView = (there: Mask): View => {
    const same = calm.filter((node) => !hasAny(there, node.triggers));
    return { still: over(same.map(({ node }) => node)), others: calm.filter((node) => !same.includes(node)) };
  };
  const nothingSure: View = { still: over([]), others: calm };
  const views: (Mask & { readonly view: View })[] = [];
  let last: (typeof views)[number] | undefined;
  const viewOf = (low: number, high: number, top: number): View => {
    if (last !== undefined && last.low === low && last.high === high && last.top === top) return last.view;
    let place = 0;
    while (place < views.length && (views[place]!.low !== low || views[place]!.high !== high || views[place]!.top !== top)) place += 1;
    if (place === views.length) {
      if (place >= maxViews) return nothingSure;
      views.push({ low, high, top, view: newView({ low, high, top }) });
    }
    last = views[place]!;
    // What comes often moves to the front.
    if (place > 0) {
      views[place] = views[place - 1]!;
      views[place - 1] = last;
    }
    return last.view;
  };
  return { empty: rules.length === 0, triggers, still: over(calmNodes), viewOf, always: used.filter(changesAll).map(at) };
}
