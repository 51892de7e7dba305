import { leadingInteger, lowerAscii } from '../bytes.ts';
import { collections } from '../engine/collections.ts';
import { applyEach, applyOnce } from '../engine/effects.ts';
import type { Found } from '../engine/run.ts';
import { accept, decide, evaluate, matcherOf, removed, report, runPlain } from '../engine/run.ts';
import { memoryStore } from '../engine/store.ts';
import type { Transaction } from '../engine/transaction.ts';
import { newTransaction, setRequestBody, setRequestHeaders, setRequestLine } from '../engine/transaction.ts';
import { excludes, selects } from '../engine/values.ts';
import type { RuleSet } from '../load.ts';
import type { Matcher, OperatorRun } from '../operators/operator.ts';
import type { Phase, Rule } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';
import { buildProgram } from './build.ts';
import type { Gate, Link, PhasePlan, Program } from './program.ts';
import { groupOf, newProgram } from './program.ts';
import type { Record, Text } from './records.ts';
import { foldedKey } from './records.ts';
import type { Known } from './scan.ts';
import { distribute, recordsOf, textAt } from './scan.ts';

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

// One operator runs at a time and to its end, so one set of places to write to is enough.
const captured: (string | undefined)[] = [];
let offset = 0;
let length = -1;
let currentTx: Transaction | undefined;
let currentRule: Rule | undefined;
/** The values that the rule being run matched; read before the next rule starts. */
const found: Found[] = [];
const scratch: OperatorRun = {
  found(from, size) {
    offset = from;
    length = size;
  },
  capture(index, text) {
    captured[index] = text;
  },
  limitExceeded: () => void (currentTx!.pcreLimit = true),
  geo: (fields) => void (currentTx!.geo = fields),
  gap: (kind, reason) => void currentTx!.gaps.push({ kind, subject: `rule ${currentRule!.id}`, reason, count: 1 }),
};

function holds(tx: Transaction, rule: Rule, matcher: Matcher, text: string): boolean {
  captured.length = 0;
  offset = 0;
  length = -1;
  currentTx = tx;
  currentRule = rule;
  const { negated } = rule.operator!;
  scratch.negated = negated;
  return matcher(text, scratch) !== negated;
}

/** The text that a rule looks at: what a record is after the rule's transformations. */
function textOf(tx: Transaction, program: Program, link: Link, record: Record): string {
  const text: Text = textAt(tx, program, record, link.place.node);
  const { cases } = link.place;
  if (cases.length === 0) return text.text;
  if (cases.length === 1 && cases[0]!.name === 'lowercase') return (text.lower ??= lowerAscii(text.text));
  let changed = text.text;
  for (const { apply } of cases) changed = apply(changed, undefined);
  return changed;
}

function exclusionsOf(tx: Transaction, link: Link): readonly Target[] {
  if (tx.removedTargets.length === 0) return link.exclusions;
  const more = tx.removedTargets.filter(({ applies }) => applies(link.rule)).flatMap(({ targets }) => targets);
  return more.length === 0 ? link.exclusions : [...link.exclusions, ...more];
}

function excluded(exclusions: readonly Target[], variable: string, key: string): boolean {
  for (let index = 0; index < exclusions.length; index += 1) if (excludes(exclusions[index]!, variable, key)) return true;
  return false;
}

/** Runs one link of a chain over records: all of them, or those that `hits` names. */
function overRecords(tx: Transaction, program: Program, group: 0 | 1, link: Link, hits: readonly Record[] | undefined, into: Found[]): boolean {
  const { rule } = link;
  const matcher = matcherOf(tx, rule);
  const exclusions = exclusionsOf(tx, link);
  const known = tx.planned!;
  let matched = false;
  for (const { target, bases } of link.targets) {
    let count = 0;
    const open = target.selector === undefined || target.variable === 'XML';
    for (const base of bases) {
      const records = hits ?? recordsOf(tx, program, known, group, base);
      for (let index = 0; index < records.length; index += 1) {
        const record = records[index]!;
        if (record.base !== base || (!open && !asks(target, record))) continue;
        if (exclusions.length > 0 && excluded(exclusions, target.variable, record.key)) continue;
        count += 1;
        if (target.count) continue;
        if (rule.multiMatch) {
          matched = overSteps(tx, program, link, matcher, target, record, into) || matched;
          continue;
        }
        const text = textOf(tx, program, link, record);
        if (!holds(tx, rule, matcher, text)) continue;
        matched = true;
        accept(tx, rule, nameOf(target, record), text, captured, offset, length, into);
      }
    }
    if (target.count && holdsCount(tx, link, matcher, target, count, into)) matched = true;
  }
  return matched;
}

/** multiMatch: the operator sees the value as it came and each change of it. */
function overSteps(tx: Transaction, program: Program, link: Link, matcher: Matcher, target: Target, record: Record, into: Found[]): boolean {
  let matched = false;
  const see = (text: string): void => {
    if (!holds(tx, link.rule, matcher, text)) return;
    matched = true;
    accept(tx, link.rule, nameOf(target, record), text, captured, offset, length, into);
  };
  let text = record.first.text;
  see(text);
  for (const node of link.place.passes) {
    const next = textAt(tx, program, record, node).text;
    if (next !== text) see(next);
    text = next;
  }
  for (const { apply } of link.place.cases) {
    const next = apply(text, undefined);
    if (next !== text) see(next);
    text = next;
  }
  return matched;
}

function asks(target: Target, record: Record): boolean {
  if (target.key !== undefined) return foldedKey(record) === target.key;
  return selects(target, record.key);
}

const nothing: Found = { name: '', value: '', offset: 0, bytes: '' };
const noTags: readonly string[] = [];
const scalar = (target: Target, record: Record): boolean => record.key === '' && target.selector === undefined && collections[target.variable] === undefined;
const nameOf = (target: Target, record: Record): string => (scalar(target, record) ? target.variable : `${target.variable}:${record.key}`);

function holdsCount(tx: Transaction, link: Link, matcher: Matcher, target: Target, count: number, into: Found[]): boolean {
  let text = String(count);
  for (const { apply } of link.rule.transformations) text = apply(text, tx.rules.unicodeMap);
  if (!holds(tx, link.rule, matcher, text)) return false;
  accept(tx, link.rule, target.selector === undefined ? target.variable : `${target.variable}:${target.selector}`, text, captured, offset, length, into);
  return true;
}

/** A rule about one TX variable: the gates and counters of a rule set. */
function overKey(tx: Transaction, link: Link, into: Found[]): boolean {
  const { rule } = link;
  const matcher = matcherOf(tx, rule);
  const { negated } = rule.operator!;
  let matched = false;
  for (let index = 0; index < link.targets.length; index += 1) {
    const { target } = link.targets[index]!;
    let entry = tx.tx.get(target.key!);
    if (entry !== undefined && tx.removedTargets.length > 0 && excluded(exclusionsOf(tx, link), 'TX', entry.key)) entry = undefined;
    if (matcher.number !== undefined) {
      // Most gates and counters are numbers: what does not hold is told without making a text of it.
      if (!target.count && entry === undefined) continue;
      if (matcher.number(target.count ? (entry === undefined ? 0 : 1) : (entry!.number ??= leadingInteger(entry!.value))) === negated) continue;
    }
    if (target.count) matched = holdsCount(tx, link, matcher, target, entry === undefined ? 0 : 1, into) || matched;
    else if (entry !== undefined && holds(tx, rule, matcher, entry.value)) {
      matched = true;
      accept(tx, rule, `TX:${entry.key}`, entry.value, captured, offset, length, into);
    }
  }
  return matched;
}

/** Whether a gate holds: most of them don't, or change nothing but the list of matches. */
function passes(tx: Transaction, { key, count, least, most, negated }: Gate): boolean {
  const entry = tx.tx.get(key);
  let number: number;
  if (count) number = entry === undefined ? 0 : 1;
  else if (entry === undefined) return false;
  else number = entry.number ??= leadingInteger(entry.value);
  return (number >= least && number <= most) !== negated;
}

/** What `report` says of a rule that has no words of its own. */
function noteSilent(tx: Transaction, { id, log }: Rule, { name, value, offset: from, bytes }: Found): void {
  tx.matches.push({ rule: id, msg: '', data: '', tags: noTags, severity: undefined, variable: name, value, offset: from, bytes, log });
}

/** A silent gate that holds: its effects without the ways of a rule. */
function noteGate(tx: Transaction, rule: Rule, { key, count, name: counted }: Gate): void {
  const entry = tx.tx.get(key);
  const name = count ? counted : `TX:${entry!.key}`;
  const value = count ? (entry === undefined ? '0' : '1') : entry!.value;
  tx.matchedVar = { name, value };
  tx.matchedVars.push(tx.matchedVar);
  noteSilent(tx, rule, { name, value, offset: 0, bytes: value });
}

function runLink(tx: Transaction, program: Program, group: 0 | 1, link: Link, hits: readonly Record[] | undefined, into: Found[]): boolean {
  const { rule } = link;
  if (link.mode === 'plain' && hits === undefined) return evaluate(tx, rule, into);
  let matched = true;
  if (link.mode === 'action') applyEach(tx, rule);
  else if (link.mode === 'key') matched = overKey(tx, link, into);
  else matched = overRecords(tx, program, group, link, hits, into);
  if (!matched || (rule.chain && (link.next === undefined || !runLink(tx, program, group, link.next, undefined, into)))) return false;
  if (link.effects) applyOnce(tx, rule);
  return true;
}

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
function freshen(tx: Transaction, program: Program, group: 0 | 1): void {
  const known = tx.planned;
  if (known === undefined || known.version !== program.version) {
    tx.planned = { version: program.version, lists: [[], []] } satisfies Known;
    return;
  }
  const lists = known.lists[group];
  for (let base = 0; base < lists.length; base += 1) if (lists[base] !== undefined && !program.bases.all[base]!.fixed) lists[base] = undefined;
}

/** Runs one phase with what the rule set was compiled to; decides exactly as `runPlain` does. */
export function runPlanned(tx: Transaction, phase: Phase): void {
  if (tx.settings.ruleEngine === 'Off') return;
  if (phase !== 5 && (tx.allowed === 'all' || (tx.allowed === 'request' && phase <= 2) || tx.intervention !== undefined)) return;
  const program = programOf(tx.rules);
  if (program.stale && phase === 1) buildProgram(program);
  const plan = program.phases.get(phase)!;
  const group = groupOf(phase);
  freshen(tx, program, group);
  const { entries, todo, hits, segmentOf } = plan;
  todo.set(plan.template);
  plan.distributed.fill(0);
  let segment = -1;
  let skip = 0;
  let at = 0;
  try {
    while (at < entries.length) {
      if (segmentOf[at] !== segment) {
        segment = segmentOf[at]!;
        enter(tx, program, plan, segment);
      }
      const mark = todo[at]!;
      if (mark === 0 && skip === 0) {
        at += 1;
        continue;
      }
      const entry = entries[at]!;
      if (skip > 0 && !('kind' in entry)) {
        skip -= 1;
        at += 1;
        continue;
      }
      if (mark === 0 || 'kind' in entry) {
        at += 1;
        continue;
      }
      const { rule, gate } = entry;
      if (gate !== undefined && tx.removedTargets.length === 0 && !passes(tx, gate)) {
        at += 1;
        continue;
      }
      if ((tx.removedIds.length > 0 || tx.removedTags.size > 0 || tx.removedMessages.size > 0) && removed(tx, rule)) {
        at += 1;
        continue;
      }
      if (found.length > 0) found.length = 0;
      if (tx.matchedVars.length > 0) tx.matchedVars = [];
      if (gate !== undefined && entry.silent && tx.removedTargets.length === 0) noteGate(tx, rule, gate);
      else {
        if (!runLink(tx, program, group, entry, mark === 1 && plan.template[at] === 0 ? hits[at]! : undefined, found)) {
          at += 1;
          continue;
        }
        if (entry.silent) noteSilent(tx, rule, found.length > 0 ? found[found.length - 1]! : nothing);
        else report(tx, rule, found);
      }
      if ((tx.settings.ruleEngine as string) === 'Off') return;
      const from = at;
      at += 1;
      if (plan.jump[from] !== -1) at = plan.jump[from]!;
      if (plan.skips[from] === 1) for (let link: Link | undefined = entry; link !== undefined; link = link.next) if (link.rule.skip > 0) skip = link.rule.skip;
      if (plan.widens[from] === 1) widen(tx, program, plan, from);
      if (rule.disruptive !== 'pass' && decide(tx, rule) === 'phase') return;
    }
  } finally {
    for (const touched of plan.touched) hits[touched]!.length = 0;
    plan.touched.length = 0;
    currentTx = undefined;
    currentRule = undefined;
    found.length = 0;
  }
}

/** A variable changed under the running phase: what was noted says nothing any more, so the rest is evaluated whole. */
function widen(tx: Transaction, program: Program, plan: PhasePlan, from: number): void {
  freshen(tx, program, groupOf(plan.phase));
  plan.distributed.fill(1);
  for (const { at } of plan.filtered) if (at > from) plan.todo[at] = 2;
}

/** Runs one phase of a transaction as its options ask. */
export function runPhase(tx: Transaction, phase: Phase): void {
  if (tx.options.plain === true) runPlain(tx, phase);
  else runPlanned(tx, phase);
}
