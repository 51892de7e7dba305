import { applyEach } from '../engine/effects.ts';
import type { Found } from '../engine/run.ts';
import { evaluateOne, matcherOf, report } from '../engine/run.ts';
import { memoryStore } from '../engine/store.ts';
import type { Match, Transaction, TxValue } from '../engine/transaction.ts';
import { newTransaction } from '../engine/transaction.ts';
import type { RuleSet } from '../load.ts';
import type { Phase } from '../seclang/rule.ts';
import type { Constants } from './constants.ts';
import { afterAny, isConstantChange, isConstantText, isSure, meet, nothingSet } from './constants.ts';
import { overKey } from './links.ts';
import type { Link, PhasePlan } from './program.ts';

/** What rules do that do the same for every request; worked out by running them once. */
export type Fixed = { readonly sets: readonly (readonly [string, TxValue])[]; readonly deletes: readonly string[]; readonly matches: readonly Match[]; readonly matchedVar: { name: string; value: string } | undefined };
/** One step of a phase: either what is fixed, or a rule to run. `next` and `jump` are steps. */
export type Step = { readonly at: number; readonly fixed: Fixed | undefined; readonly link: Link | undefined; readonly filtered: boolean; readonly segment: number; readonly next: number; readonly jump: number };
export type Script = readonly Step[];

type Outcome = { readonly matched: boolean; readonly fixed: Fixed; readonly after: Constants };

function isConstant({ rule, mode, effects, targets }: Link, constants: Constants): boolean {
  if (mode === 'records' || effects || rule.capture || rule.skip > 0) return false;
  if (!targets.every(({ target }) => target.variable === 'TX' && target.key !== undefined && isSure(constants, target.key))) return false;
  if (rule.operator !== undefined && rule.operator.matcher === undefined && !isConstantText(constants, rule.operator.macro!)) return false;
  return rule.setvars.every((setvar) => isConstantChange(constants, setvar));
}

function isConstantReport({ rule, next }: Link, constants: Constants): boolean {
  const texts = [...(rule.msg === undefined ? [] : [rule.msg]), ...(rule.logdata === undefined ? [] : [rule.logdata]), ...rule.tags];
  return rule.severity === undefined && rule.disruptive === 'pass' && texts.every((text) => isConstantText(constants, text)) && (next === undefined || isConstantReport(next, constants));
}

/** Constants as a transaction sees them; only variables that are sure are read from it. */
function trial(ruleSet: RuleSet, { known }: Constants): Transaction {
  const tx = newTransaction(ruleSet, { connection: { clientAddress: '', clientPort: 0, serverAddress: '', serverPort: 0 }, id: '', now: () => 0, store: memoryStore(1) });
  for (const [key, value] of known) tx.tx.set(key, value);
  return tx;
}

/** What a rule does to every request that comes by, or undefined where that depends on the request. */
function outcomeOf(ruleSet: RuleSet, link: Link, constants: Constants): Outcome | undefined {
  const tx = trial(ruleSet, constants);
  const { matchedVar } = tx;
  const found: Found[] = [];
  let after = constants;
  let matched = true;
  for (let at: Link | undefined = link; at !== undefined && matched; at = at.next) {
    if (!isConstant(at, after)) return undefined;
    if (at.mode === 'action') applyEach(tx, at.rule);
    else matched = at.mode === 'key' ? overKey(tx, at, found) : evaluateOne(tx, at.rule, found);
    after = { ...after, known: new Map(tx.tx) };
    if (matched && at.rule.chain && at.next === undefined) matched = false;
  }
  if (matched && !isConstantReport(link, after)) return undefined;
  if (matched) report(tx, link.rule, found);
  if (tx.gaps.length > 0 || tx.pcreLimit || tx.geo.length > 0) return undefined;
  const sets = [...tx.tx].filter(([key, value]) => constants.known.get(key) !== value);
  const deletes = [...constants.known.keys()].filter((key) => !tx.tx.has(key));
  return { matched, after, fixed: { sets, deletes, matches: tx.matches, matchedVar: tx.matchedVar === matchedVar ? undefined : tx.matchedVar } };
}

const isEmpty = ({ sets, deletes, matches, matchedVar }: Fixed): boolean => sets.length + deletes.length + matches.length === 0 && matchedVar === undefined;

function joined(one: Fixed, other: Fixed): Fixed {
  const sets = new Map(one.sets);
  for (const key of other.deletes) sets.delete(key);
  for (const [key, value] of other.sets) sets.set(key, value);
  return { sets: [...sets], deletes: [...new Set([...one.deletes, ...other.deletes])], matches: [...one.matches, ...other.matches], matchedVar: other.matchedVar ?? one.matchedVar };
}

/** The rule with its operators made, where their parameters hold only macros that are sure. */
function withMatchers(ruleSet: RuleSet, link: Link, constants: Constants): Link {
  const next = link.next === undefined ? undefined : withMatchers(ruleSet, link.next, constants);
  const { operator } = link.rule;
  if (operator === undefined || operator.matcher !== undefined || !isConstantText(constants, operator.macro!)) return { ...link, next };
  const tx = trial(ruleSet, constants);
  const matcher = matcherOf(tx, link.rule);
  return tx.gaps.length > 0 ? { ...link, next } : { ...link, next, matcher };
}

/** Lays out the rules of a phase for the constants it begins with. Answers also what is sure where the phase ends, and where the transaction may be cut off. */
function scriptOf(ruleSet: RuleSet, plan: PhasePlan, start: Constants): { readonly script: Script; readonly end: Constants; readonly cut: Constants | undefined } {
  const { entries, jump } = plan;
  const { length } = entries;
  const states: (Constants | undefined)[] = Array.from({ length: length + 1 });
  const flow = (to: number, constants: Constants): void => void (states[to] = meet(states[to], constants));
  states[0] = start;
  let cut: Constants | undefined;
  const steps: Step[] = [];
  /** How many jumps lead to a place. */
  const entrances = new Int32Array(length + 1);
  for (const [at, entry] of entries.entries()) {
    const constants = states[at];
    if (constants === undefined) continue;
    if ('kind' in entry) {
      flow(at + 1, constants);
      continue;
    }
    const outcome = outcomeOf(ruleSet, entry, constants);
    const segment = plan.segmentOf[at]!;
    if (outcome === undefined) {
      const after = afterAny(constants, entry.rule);
      if (jump[at] !== -1) {
        flow(jump[at]!, after);
        entrances[jump[at]!]! += 1;
      }
      if (entry.rule.disruptive === 'allow') flow(length, after);
      else if (entry.rule.disruptive !== 'pass') cut = meet(cut, after);
      flow(at + 1, after);
      steps.push({ at, fixed: undefined, link: withMatchers(ruleSet, entry, after), filtered: plan.template[at] === 0, segment, next: at + 1, jump: jump[at]! });
      continue;
    }
    const to = outcome.matched && jump[at] !== -1 ? jump[at]! : at + 1;
    flow(to, outcome.after);
    if (to === at + 1 && isEmpty(outcome.fixed)) continue;
    if (to !== at + 1) entrances[to]! += 1;
    steps.push({ at, fixed: outcome.fixed, link: undefined, filtered: false, segment, next: to, jump: -1 });
  }
  return { script: linked(steps, entrances, length), end: states[length] ?? start, cut };
}

/** Places in the list of rules become places in the script; what is fixed one after the other becomes one step. */
function linked(steps: readonly Step[], entrances: Int32Array, length: number): Script {
  const merges = (last: Step | undefined, step: Step): boolean => {
    if (last?.fixed === undefined || step.fixed === undefined || last.next > step.at) return false;
    // Only the step before may lead here.
    let others = last.next === last.at + 1 ? 0 : -1;
    for (let at = last.at + 1; at <= step.at; at += 1) others += entrances[at]!;
    return others === 0;
  };
  const script: Step[] = [];
  const first = new Int32Array(length + 1);
  let place = 0;
  for (const step of steps) {
    const last = script.at(-1);
    if (merges(last, step)) script[script.length - 1] = { ...step, fixed: joined(last!.fixed!, step.fixed!) };
    else script.push(step);
    for (; place <= step.at; place += 1) first[place] = script.length - 1;
  }
  for (; place <= length; place += 1) first[place] = script.length;
  return script.map((step) => ({ ...step, next: first[step.next]!, jump: step.jump === -1 ? -1 : first[step.jump]! }));
}

const hasSkips = ({ skips }: PhasePlan): boolean => skips.includes(1);

/**
 * The scripts of a rule set. Each holds for a request whose first phase ran by its script, whichever of the phases between
 * ran. A rule that leaves out a number of rules ends that: from its phase on there are no scripts.
 */
export function scriptsOf(ruleSet: RuleSet, phases: ReadonlyMap<Phase, PhasePlan>): ReadonlyMap<Phase, Script> {
  const scripts = new Map<Phase, Script>();
  let start = nothingSet;
  let last: Constants | undefined;
  for (const phase of [1, 2, 3, 4, 5] as const) {
    const plan = phases.get(phase)!;
    if (hasSkips(plan)) break;
    const { script, end, cut } = scriptOf(ruleSet, plan, phase === 5 ? meet(last, start) : start);
    scripts.set(phase, script);
    start = phase === 1 ? end : meet(start, end);
    if (cut !== undefined) last = meet(last, cut);
  }
  return scripts;
}
