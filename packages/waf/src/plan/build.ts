import { lowerAscii } from '../bytes.ts';
import { commonness } from '../prefilter/requirement.ts';
import { buildScanner } from '../prefilter/scanner.ts';
import { foldCase, setOf } from '../regex/byte-sets.ts';
import { chooseFeatures } from './features.ts';
import type { Filtered, NodeSieve, PhaseBase, PhasePlan, Program, Sieve, View } from './program.ts';
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
  const features = chooseFeatures([...used].flatMap((node) => nodes[node]!.trigger ?? []), live.map(({ filtered }) => ({ ...filtered.requirement, sets: [...filtered.requirement.sets, ...shortOf(filtered)], ...(shortOf(filtered).length > 0 || literalsOf(filtered) === undefined ? { literals: undefined } : {}) })));
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
    for (const base of new Set(own.flatMap(({ bases }) => bases))) plan.bases[base] = phaseBase(program, base, own.filter(({ bases }) => bases.includes(base)));
  }
  program.version += 1;
  program.stale = false;
}

/** Views are made when a text first asks for one; strange texts could ask for very many. */
const maxViews = 256;

function phaseBase(program: Program, base: number, rules: readonly Filtered[]): PhaseBase {
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
    const targets = own.flatMap(({ link }) => link.targets.filter(({ bases }) => bases.includes(base)).map(({ target }) => target));
    const keys = targets.every(({ key }) => key !== undefined) ? new Set(targets.map(({ key }) => key!)) : undefined;
    let [low, high] = [0, 0];
    for (let step = node; step > 0; step = nodes[step]!.parent) {
      low |= program.stepLow[step]!;
      high |= program.stepHigh[step]!;
    }
    return { node, low, high, keys, sieve: sieve((filtered) => own.includes(filtered)) };
  };
  const calmNodes = used.filter((node) => !changesAll(node));
  const calm = calmNodes.map(at);
  const triggerLow = calm.reduce((all, { low }) => all | low, 0);
  const triggerHigh = calm.reduce((all, { high }) => all | high, 0);
  const over = (within: readonly number[]): Sieve => sieve(({ nodes: own }) => own.some((node) => within.includes(node)));
  const newView = (triggersLow: number, triggersHigh: number): View => {
    const same = calm.filter(({ low, high, keys }) => keys === undefined && (low & triggersLow) === 0 && (high & triggersHigh) === 0);
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
  return { base, triggerLow, triggerHigh, still: over(calmNodes), viewOf, always: used.filter(changesAll).map(at) };
}
