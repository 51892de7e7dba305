import { checkBudget } from '../engine/budget.ts';
import { leadingInteger, lowerAscii } from '../bytes.ts';
import { collections } from '../engine/collections.ts';
import { applyEach, applyOnce } from '../engine/effects.ts';
import type { Found } from '../engine/run.ts';
import { accept, evaluate, matcherOf } from '../engine/run.ts';
import { storedIn } from '../engine/store.ts';
import type { Transaction, TxValue } from '../engine/transaction.ts';
import { excludes, selects } from '../engine/values.ts';
import { persistentNames } from '../engine/variable-names.ts';
import type { Matcher, OperatorRun } from '../operators/operator.ts';
import type { Rule } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';
import type { Gate, Link, Program } from './program.ts';
import type { Record, Text } from './records.ts';
import { foldedKey } from './records.ts';
import { recordsNamed, recordsOf, textAt } from './scan.ts';

// One operator runs at a time and to its end, so one set of places to write to is enough.
const captured: (string | undefined)[] = [];
let offset = 0;
let length = -1;
let currentTx: Transaction | undefined;
let currentRule: Rule | undefined;
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

let ticks = 0;

function holds(tx: Transaction, rule: Rule, matcher: Matcher, text: string): boolean {
  // Reading the clock costs as much as a short pattern, so not each time.
  ticks = (ticks + 1) & 7;
  if (ticks === 0 && tx.budget !== undefined) checkBudget(tx.budget);
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

/** Whether a rule that only counts values can't match: told by the number alone. */
function misses(matcher: Matcher, rule: Rule, count: number): boolean {
  return matcher.number !== undefined && rule.transformations.length === 0 && matcher.number(count) === rule.operator!.negated;
}

/** Runs one link of a chain over records: all of them, or those that `hits` names. */
function overRecords(tx: Transaction, program: Program, group: 0 | 1, link: Link, hits: readonly Record[] | undefined, into: Found[]): boolean {
  const { rule, targets } = link;
  const matcher = link.matcher ?? matcherOf(tx, rule);
  const exclusions = exclusionsOf(tx, link);
  const known = tx.planned!;
  let matched = false;
  for (let place = 0; place < targets.length; place += 1) {
    const { target, bases, selectors } = targets[place]!;
    let count = 0;
    for (let list = 0; list < bases.length; list += 1) {
      const base = bases[list]!;
      const keyed = hits === undefined && selectors !== undefined;
      const records = hits ?? (keyed ? recordsNamed(tx, program, known, group, base, selectors[list]!) : recordsOf(tx, program, known, group, base));
      for (let index = 0; index < records.length; index += 1) {
        const record = records[index]!;
        if (record.base !== base || (!keyed && !asks(target, record))) continue;
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
    if (target.count && !misses(matcher, rule, count) && holdsCount(tx, link, matcher, target, count, into)) matched = true;
  }
  return matched;
}

/** multiMatch: the operator sees the value as it came and each change of it. */
function overSteps(tx: Transaction, program: Program, link: Link, matcher: Matcher, target: Target, record: Record, into: Found[]): boolean {
  let text = record.first.text;
  let matched = see(tx, link, matcher, target, record, text, into);
  const { passes: nodes, cases } = link.place;
  for (let index = 1; index < nodes.length; index += 1) {
    const next = textAt(tx, program, record, nodes[index]!).text;
    if (next !== text) matched = see(tx, link, matcher, target, record, next, into) || matched;
    text = next;
  }
  for (let index = 0; index < cases.length; index += 1) {
    const next = cases[index]!.apply(text, undefined);
    if (next !== text) matched = see(tx, link, matcher, target, record, next, into) || matched;
    text = next;
  }
  return matched;
}

function see(tx: Transaction, { rule }: Link, matcher: Matcher, target: Target, record: Record, text: string, into: Found[]): boolean {
  if (!holds(tx, rule, matcher, text)) return false;
  accept(tx, rule, nameOf(target, record), text, captured, offset, length, into);
  return true;
}

function asks(target: Target, record: Record): boolean {
  if (target.selector === undefined || target.variable === 'XML') return true;
  if (target.key !== undefined) return foldedKey(record) === target.key;
  return selects(target, record.key);
}

const noTags: readonly string[] = [];
const scalar = (target: Target, record: Record): boolean => record.key === '' && target.selector === undefined && collections[target.variable] === undefined;
const nameOf = (target: Target, record: Record): string => (scalar(target, record) || (target.variable === 'XML' && target.selector === undefined) ? target.variable : `${target.variable}:${record.key}`);

function holdsCount(tx: Transaction, link: Link, matcher: Matcher, target: Target, count: number, into: Found[]): boolean {
  let text = String(count);
  for (const { apply } of link.rule.transformations) text = apply(text, tx.rules.unicodeMap);
  if (!holds(tx, link.rule, matcher, text)) return false;
  accept(tx, link.rule, target.selector === undefined ? target.variable : `${target.variable}:${target.selector}`, text, captured, offset, length, into);
  return true;
}

/** A rule about one TX variable: the gates and counters of a rule set. */
export function overKey(tx: Transaction, link: Link, into: Found[]): boolean {
  const { rule } = link;
  const matcher = link.matcher ?? matcherOf(tx, rule);
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
export function passes(tx: Transaction, { key, count, least, most, negated }: Gate): boolean {
  const entry = tx.tx.get(key);
  let number: number;
  if (count) number = entry === undefined ? 0 : 1;
  else if (entry === undefined) return false;
  else number = entry.number ??= leadingInteger(entry.value);
  return (number >= least && number <= most) !== negated;
}

/** What `report` says of a rule that has no words of its own. */
export function noteSilent(tx: Transaction, { id, log }: Rule, { name, value, offset: from, bytes }: Found): void {
  tx.matches.push({ rule: id, msg: '', data: '', tags: noTags, severity: undefined, variable: name, value, offset: from, bytes, log });
}

/** A silent gate that holds: its effects without the ways of a rule. */
export function noteGate(tx: Transaction, rule: Rule, { key, count, name: counted }: Gate): void {
  const entry = tx.tx.get(key);
  const name = count ? counted : `TX:${entry!.key}`;
  const value = count ? (entry === undefined ? '0' : '1') : entry!.value;
  tx.matchedVar = { name, value };
  tx.matchedVars.push(tx.matchedVar);
  noteSilent(tx, rule, { name, value, offset: 0, bytes: value });
}

/** A rule about variables of persistent collections that hold nothing: it doesn't match. */
function isWithoutValues(tx: Transaction, { rule, targets }: Link): boolean {
  for (let index = 0; index < targets.length; index += 1) {
    const { target } = targets[index]!;
    if (target.count || !persistentNames.has(target.variable)) return false;
    const values = storedIn(tx, target.variable);
    if (values !== undefined && values.size > 0) return false;
  }
  return rule.operator !== undefined;
}

/** A rule about one variable with one value that changes while a phase runs. */
function overScalar(tx: Transaction, link: Link, into: Found[]): boolean {
  const { rule } = link;
  const { target, scalar: read } = link.targets[0]!;
  const value = read!(tx);
  if (value === undefined || excluded(exclusionsOf(tx, link), target.variable, '')) return false;
  let text = value;
  for (const { apply } of rule.transformations) text = apply(text, tx.rules.unicodeMap);
  if (!holds(tx, rule, link.matcher ?? matcherOf(tx, rule), text)) return false;
  accept(tx, rule, target.variable, text, captured, offset, length, into);
  return true;
}

/** A rule about the TX variables whose names match a pattern. */
function overNames(tx: Transaction, link: Link, into: Found[]): boolean {
  const { rule } = link;
  const { target, names } = link.targets[0]!;
  const matcher = link.matcher ?? matcherOf(tx, rule);
  const entries: TxValue[] = [];
  // Which of the names that rules spell out match is known; others are made of requests.
  if (tx.madeNames || names!.some) {
    const exclusions = exclusionsOf(tx, link);
    for (const entry of tx.tx.values()) if ((names!.known.get(entry.key) ?? target.pattern!.test(entry.key)) && !excluded(exclusions, 'TX', entry.key)) entries.push(entry);
  }
  if (target.count) return !misses(matcher, rule, entries.length) && holdsCount(tx, link, matcher, target, entries.length, into);
  let matched = false;
  for (const { key, value } of entries) {
    let text = value;
    for (const { apply } of rule.transformations) text = apply(text, tx.rules.unicodeMap);
    if (!holds(tx, rule, matcher, text)) continue;
    matched = true;
    accept(tx, rule, `TX:${key}`, text, captured, offset, length, into);
  }
  return matched;
}

export function runLink(tx: Transaction, program: Program, group: 0 | 1, link: Link, hits: readonly Record[] | undefined, into: Found[]): boolean {
  const { rule } = link;
  if (link.mode === 'plain' && hits === undefined) return isWithoutValues(tx, link) ? false : evaluate(tx, rule, into);
  let matched = true;
  if (link.mode === 'action') applyEach(tx, rule);
  else if (link.mode === 'key') matched = overKey(tx, link, into);
  else if (link.mode === 'scalar') matched = overScalar(tx, link, into);
  else if (link.mode === 'names') matched = overNames(tx, link, into);
  else matched = overRecords(tx, program, group, link, hits, into);
  if (!matched || (rule.chain && (link.next === undefined || !runLink(tx, program, group, link.next, undefined, into)))) return false;
  if (link.effects) applyOnce(tx, rule);
  return true;
}

/** Lets go of the request that was run last. */
export function forget(): void {
  currentTx = undefined;
  currentRule = undefined;
}
