import { withinBudget } from '../engine/budget.ts';
import type { Found } from '../engine/run.ts';
import { decide, removed, report, runPlain } from '../engine/run.ts';
import { memoryStore } from '../engine/store.ts';
import type { Transaction } from '../engine/transaction.ts';
import { newTransaction, setRequestBody, setRequestHeaders, setRequestLine } from '../engine/transaction.ts';
import type { RuleSet } from '../load.ts';
import type { Phase } from '../seclang/rule.ts';
import { buildProgram } from './build.ts';
import { forget, noteGate, noteSilent, passes, runLink } from './links.ts';
import type { Link, PhasePlan, Program } from './program.ts';
import { groupOf, newProgram } from './program.ts';
import type { Known } from './scan.ts';
import { distribute, recordsOf } from './scan.ts';
import type { Fixed, Script } from './script.ts';

const programs = new WeakMap<RuleSet, Program>();

/** The compiled form of a rule set, made on first use. A trial request finds which segments its settings reach. */
export function programOf(ruleSet: RuleSet): Program {
  const known = programs.get(ruleSet);
  if (known !== undefined) return known;
  const program = newProgram(ruleSet);
  programs.set(ruleSet, program);
  buildProgram(program);
  const tx = newTransaction(ruleSet, { connection: { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 }, id: '', now: () => 0, store: memoryStore(1) });
  if (tx.settings.ruleEngine === 'On') tx.settings.ruleEngine = 'DetectionOnly';
  setRequestLine(tx, 'GET', '/', '1.1');
  setRequestHeaders(tx, [{ name: 'Host', value: 'localhost' }]);
  for (const phase of [1, 2, 3, 4, 5] as const) {
    if (phase === 2) setRequestBody(tx, '');
    runPlanned(tx, phase);
  }
  buildProgram(program);
  return program;
}

/** The values that the rule being run matched; read before the next rule starts. */
const found: Found[] = [];
const nothing: Found = { name: '', value: '', offset: 0, bytes: '' };

/** Notes with each filtered rule of the phase which values it may match; a segment that was never reached is evaluated whole. */
function enter(tx: Transaction, program: Program, plan: PhasePlan, index: number): void {
  const segment = plan.segments[index]!;
  if (segment.state !== 'built') {
    segment.state = 'seen';
    program.stale = true;
    for (const { at } of segment.filtered) plan.todo[at] = 2;
    return;
  }
  const group = groupOf(plan.phase);
  for (const base of segment.bases) {
    if (plan.distributed[base] === 1) continue;
    plan.distributed[base] = 1;
    distribute(tx, program, plan, program.groups[group].scanner!, plan.bases[base]!, recordsOf(tx, program, tx.planned!, group, base));
  }
}

/** What is kept of a request from phase to phase is only what can't change in between. */
function freshen(tx: Transaction, program: Program, phase: Phase): Known {
  const group = groupOf(phase);
  const known = tx.planned;
  if (known === undefined || known.version !== program.version) {
    const made: Known = { version: program.version, scripted: known?.scripted ?? phase === 1, lists: [[], []], named: [[], []] };
    tx.planned = made;
    return made;
  }
  const lists = known.lists[group];
  for (let base = 0; base < lists.length; base += 1) {
    if (lists[base] === undefined || program.bases.all[base]!.fixed) continue;
    lists[base] = undefined;
    known.named[group][base] = undefined;
  }
  return known;
}

const hasRemovals = (tx: Transaction): boolean => tx.removedTargets.length > 0 || tx.removedIds.length > 0 || tx.removedTags.size > 0 || tx.removedMessages.size > 0;

/** Runs one rule as far as it depends on the request; says whether all of it matched. */
function runRule(tx: Transaction, program: Program, plan: PhasePlan, at: number, link: Link): boolean {
  const { rule, gate } = link;
  if (gate !== undefined && tx.removedTargets.length === 0 && !passes(tx, gate)) return false;
  if ((tx.removedIds.length > 0 || tx.removedTags.size > 0 || tx.removedMessages.size > 0) && removed(tx, rule)) return false;
  if (found.length > 0) found.length = 0;
  if (tx.matchedVars.length > 0) tx.matchedVars = [];
  if (gate !== undefined && link.silent && tx.removedTargets.length === 0) {
    noteGate(tx, rule, gate);
    return true;
  }
  if (!runLink(tx, program, groupOf(plan.phase), link, plan.todo[at] === 1 && plan.template[at] === 0 ? plan.hits[at]! : undefined, found)) return false;
  if (link.silent) noteSilent(tx, rule, found.length > 0 ? found[found.length - 1]! : nothing);
  else report(tx, rule, found);
  return true;
}

function applyFixed(tx: Transaction, { sets, deletes, matches, matchedVar }: Fixed): void {
  for (let index = 0; index < deletes.length; index += 1) tx.tx.delete(deletes[index]!);
  for (let index = 0; index < sets.length; index += 1) tx.tx.set(sets[index]![0], sets[index]![1]);
  for (let index = 0; index < matches.length; index += 1) tx.matches.push(matches[index]!);
  if (matchedVar !== undefined) tx.matchedVar = matchedVar;
}

/** Runs a phase by its script. Answers the rule from which on it has to be run rule by rule, or -1. */
function runScript(tx: Transaction, program: Program, plan: PhasePlan, script: Script): number {
  const { todo } = plan;
  let segment = -1;
  let place = 0;
  while (place < script.length) {
    const { fixed, link, at, filtered, segment: own, next, jump } = script[place]!;
    if (fixed !== undefined) {
      applyFixed(tx, fixed);
      place = next;
      continue;
    }
    if (own !== segment) {
      segment = own;
      enter(tx, program, plan, segment);
    }
    place = next;
    if ((filtered && todo[at] === 0) || !runRule(tx, program, plan, at, link!)) continue;
    if ((tx.settings.ruleEngine as string) === 'Off') return -1;
    if (jump !== -1) place = jump;
    if (plan.widens[at] === 1) widen(tx, program, plan, at);
    if (link!.rule.disruptive !== 'pass' && decide(tx, link!.rule) === 'phase') return -1;
    if (link!.effects && hasRemovals(tx)) {
      tx.planned!.scripted = false;
      return plan.jump[at] === -1 ? at + 1 : plan.jump[at]!;
    }
  }
  return -1;
}

/** Runs a phase rule by rule, from one of them on. */
function runEntries(tx: Transaction, program: Program, plan: PhasePlan, from: number): void {
  const { entries, todo, segmentOf } = plan;
  let segment = -1;
  let skip = 0;
  let at = from;
  while (at < entries.length) {
    if (segmentOf[at] !== segment) {
      segment = segmentOf[at]!;
      enter(tx, program, plan, segment);
    }
    const entry = entries[at]!;
    const here = at;
    at += 1;
    if ('kind' in entry) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    if (todo[here] === 0 || !runRule(tx, program, plan, here, entry)) continue;
    if ((tx.settings.ruleEngine as string) === 'Off') return;
    if (plan.jump[here] !== -1) at = plan.jump[here]!;
    if (plan.skips[here] === 1) for (let link: Link | undefined = entry; link !== undefined; link = link.next) if (link.rule.skip > 0) skip = link.rule.skip;
    if (plan.widens[here] === 1) widen(tx, program, plan, here);
    if (entry.rule.disruptive !== 'pass' && decide(tx, entry.rule) === 'phase') return;
  }
}

/** Runs one phase with what the rule set was compiled to; decides exactly as `runPlain` does. */
export function runPlanned(tx: Transaction, phase: Phase): void {
  if (tx.settings.ruleEngine === 'Off') return;
  if (phase !== 5 && (tx.allowed === 'all' || (tx.allowed === 'request' && phase <= 2) || tx.intervention !== undefined)) return;
  const program = programOf(tx.rules);
  if (program.stale && phase === 1) buildProgram(program);
  const plan = program.phases.get(phase)!;
  const known = freshen(tx, program, phase);
  plan.todo.set(plan.template);
  plan.distributed.fill(0);
  const script = known.scripted ? program.scripts.get(phase) : undefined;
  try {
    const from = script === undefined ? 0 : runScript(tx, program, plan, script);
    if (from >= 0) runEntries(tx, program, plan, from);
  } finally {
    for (const touched of plan.touched) plan.hits[touched]!.length = 0;
    plan.touched.length = 0;
    forget();
    found.length = 0;
  }
}

/** REQUEST_BODY changed under the running phase: what was noted of it says nothing any more, so its rules are evaluated whole. */
function widen(tx: Transaction, program: Program, plan: PhasePlan, from: number): void {
  for (const { index, name } of program.bases.all) {
    if (name !== 'REQUEST_BODY') continue;
    for (const lists of [...tx.planned!.lists, ...tx.planned!.named]) lists[index] = undefined;
    plan.distributed[index] = 1;
    for (const { at, bases } of plan.filtered) if (at > from && bases.includes(index)) plan.todo[at] = 2;
  }
}

/** Runs one phase of a transaction as its options ask. */
export function runPhase(tx: Transaction, phase: Phase): void {
  withinBudget(tx, phase, () => (tx.options.plain === true ? runPlain(tx, phase) : runPlanned(tx, phase)));
}
