import { lowerAscii } from '../bytes.ts';
import { commonness } from '../prefilter/requirement.ts';
import { buildScanner } from '../prefilter/scanner.ts';
import { foldCase, setOf } from '../regex/byte-sets.ts';
import { chainEffect, lengthBefore } from './effects-of-steps.ts';
import type { Features } from './features.ts';
import { chooseFeatures } from './features.ts';
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
  program.stepLow = new Int32Array(nodes.length).fill(-1);
  program.stepHigh = new Int32Array(nodes.length).fill(-1);
  nodes.forEach(({ trigger }, node) => {
    if (node === 0 || trigger === undefined) return;
    const mask = features.need([trigger]);
    if (trigger.includes(1) && mask.low === 0 && mask.high === 0) return; // no question asked for it: always run
    program.stepLow[node] = mask.low;
    program.stepHigh[node] = mask.high;
  });
  for (const group of program.groups) {
    const entries = live.filter(({ plan, filtered }) => groupOf(plan.phase) === group.index && literalsOf(filtered) !== undefined);
    group.scanner = buildScanner(entries.map(({ filtered }) => ({ owner: filtered.owner, literals: longOf(filtered) })), program.owners, features.low, features.high);
  }
  for (const plan of program.phases.values()) {
    const own = live.filter((entry) => entry.plan === plan).map(({ filtered }) => filtered);
    for (const filtered of own) {
      const { at, requirement } = filtered;
      const short = features.need(shortOf(filtered));
      plan.shortLow[at] = short.low;
      plan.shortHigh[at] = short.high;
      const mask = features.need(requirement.sets);
      plan.needLow[at] = mask.low;
      plan.needHigh[at] = mask.high;
      plan.needLength[at] = requirement.length;
    }
    plan.bases = [];
    for (const base of new Set(own.flatMap(({ bases }) => bases))) plan.bases[base] = phaseBase(program, features, base, own.filter(({ bases }) => bases.includes(base)));
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
function checksOf(program: Program, features: Features, node: number, rules: readonly Filtered[]): Pick<NodeSieve, 'upsetLow' | 'upsetHigh' | 'checks'> {
  const names = namesTo(program, node);
  const { upset, brings, keeps } = chainEffect(names);
  const mask = features.need(upset.includes(1) ? [upset] : []);
  const opaque = upset.includes(1) && mask.low === 0 && mask.high === 0;
  const checks = rules.map((filtered): Check => {
    const { sets, length } = filtered.requirement;
    const literals = literalsOf(filtered);
    const least = lengthBefore(names, length);
    if (opaque) return { needLow: 0, needHigh: 0, length: least, owner: -1 };
    const need = features.need([...sets, ...(literals === undefined || longOf(filtered).length > 0 ? [] : shortOf(filtered))].filter((set) => !set.some((member, byte) => member === 1 && brings[byte] === 1)));
    return { needLow: need.low, needHigh: need.high, length: least, owner: literals !== undefined && literals.every((literal) => literal.length > 1 && keeps(lowerAscii(literal))) ? filtered.owner : -1 };
  });
  return { upsetLow: mask.low, upsetHigh: mask.high, checks };
}

/** The rules of a phase that look at one base, for the values under each of the keys that rules ask it for. */
function phaseBase(program: Program, features: Features, base: number, rules: readonly Filtered[]): PhaseBase {
  const keys = [...program.bases.all[base]!.selectors.keys()];
  const byPlace: KeyBase[] = [];
  const asked = (key: string | undefined) => ({ link }: Filtered): boolean => link.targets.some(({ target, bases }) => bases.includes(base) && (target.key === undefined || target.key === key));
  return { base, of: (place) => (byPlace[place + 1] ??= keyBase(program, features, rules.filter(asked(keys[place])))) };
}

function keyBase(program: Program, features: Features, rules: readonly Filtered[]): KeyBase {
  const { nodes } = program.steps;
  const changesAll = (from: number): boolean => {
    for (let node = from; node > 0; node = nodes[node]!.parent) if (program.stepLow[node] === -1 && program.stepHigh[node] === -1) return true;
    return false;
  };
  const sieve = (accepts: (filtered: Filtered) => boolean): Sieve => {
    const byOwner = new Int32Array(program.owners).fill(-1);
    const rest: number[] = [];
    for (const filtered of rules) {
      if (!accepts(filtered)) continue;
      if (literalsOf(filtered) === undefined || shortOf(filtered).length > 0) rest.push(filtered.at);
      byOwner[filtered.owner] = filtered.at;
    }
    return { byOwner, rest: Int32Array.from(rest) };
  };
  const used = [...new Set(rules.flatMap(({ nodes: own }) => own))];
  const at = (node: number): NodeSieve => {
    const own = rules.filter(({ nodes: passed }) => passed.includes(node));
    let [low, high] = [0, 0];
    for (let step = node; step > 0; step = nodes[step]!.parent) {
      low |= program.stepLow[step]!;
      high |= program.stepHigh[step]!;
    }
    return { node, low, high, ...checksOf(program, features, node, own), sieve: sieve((filtered) => own.includes(filtered)) };
  };
  const calmNodes = used.filter((node) => !changesAll(node));
  const calm = calmNodes.map(at);
  const triggerLow = calm.reduce((all, { low }) => all | low, 0);
  const triggerHigh = calm.reduce((all, { high }) => all | high, 0);
  const over = (within: readonly number[]): Sieve => sieve(({ nodes: own }) => own.some((node) => within.includes(node)));
  const newView = (triggersLow: number, triggersHigh: number): View => {
    const same = calm.filter(({ low, high }) => (low & triggersLow) === 0 && (high & triggersHigh) === 0);
    return { still: over(same.map(({ node }) => node)), others: calm.filter((node) => !same.includes(node)) };
  };
  const nothingSure: View = { still: over([]), others: calm };
  const views = new Map<number, Map<number, View>>();
  let count = 0;
  const viewOf = (triggersLow: number, triggersHigh: number): View => {
    const byHigh = views.get(triggersLow);
    const known = byHigh?.get(triggersHigh);
    if (known !== undefined) return known;
    if (count >= maxViews) return nothingSure;
    const view = newView(triggersLow, triggersHigh);
    if (byHigh === undefined) views.set(triggersLow, new Map([[triggersHigh, view]]));
    else byHigh.set(triggersHigh, view);
    count += 1;
    return view;
  };
  return { empty: rules.length === 0, triggerLow, triggerHigh, still: over(calmNodes), viewOf, always: used.filter(changesAll).map(at) };
}
