import { lowerAscii } from '../bytes.ts';
import type { Scanner } from '../prefilter/scanner.ts';
import type { Transaction } from '../engine/transaction.ts';
import { hasAll, hasAny } from './features.ts';
import type { NodeSieve, PhaseBase, PhasePlan, Program, Sieve } from './program.ts';
import type { Record, Text } from './records.ts';
import { foldedKey, newText } from './records.ts';

/** The values of a transaction as the planned path keeps them, by group and base. */
export type Known = { version: number; /** Every phase so far ran by its script: what scripts take for sure is. */ scripted: boolean; readonly lists: [(Record[] | undefined)[], (Record[] | undefined)[]]; /** The values of a base by the keys that rules ask for. */ readonly named: [(Record[][] | undefined)[], (Record[][] | undefined)[]] };

export function recordsOf(tx: Transaction, program: Program, known: Known, group: 0 | 1, base: number): Record[] {
  return (known.lists[group][base] ??= program.bases.all[base]!.read(tx));
}

const noRecords: Record[] = [];

/** The values of a base under one of the keys that rules ask it for. */
export function recordsNamed(tx: Transaction, program: Program, known: Known, group: 0 | 1, base: number, selector: number): readonly Record[] {
  let lists = known.named[group][base];
  if (lists === undefined) {
    const { selectors } = program.bases.all[base]!;
    lists = [];
    for (const record of recordsOf(tx, program, known, group, base)) {
      const place = selectors.get(foldedKey(record));
      if (place === undefined) continue;
      const list = lists[place];
      if (list === undefined) lists[place] = [record];
      else list.push(record);
    }
    known.named[group][base] = lists;
  }
  return lists[selector] ?? noRecords;
}

function scan(scanner: Scanner, text: Text): void {
  scanner.scan(text.text);
  text.low = scanner.low;
  text.high = scanner.high;
  text.top = scanner.top;
  if (scanner.count > 0) {
    const owners: number[] = [];
    for (let index = 0; index < scanner.count; index += 1) owners.push(scanner.found[index]!);
    text.owners = owners;
  }
  text.scanned = true;
}

function copyScan(from: Text, to: Text): void {
  to.scanned = true;
  to.low = from.low;
  to.high = from.high;
  to.top = from.top;
  to.owners = from.owners;
}

/** The text of a value at a node; steps whose trigger a scanned text lacks are passed over. */
export function textAt(tx: Transaction, program: Program, record: Record, node: number): Text {
  if (node === 0) return record.first;
  for (let known = record.made; known !== undefined; known = known.before) if (known.node === node) return known.text;
  const step = program.steps.nodes[node]!;
  const before = textAt(tx, program, record, step.parent);
  let after = before;
  let tried = false;
  const trigger = program.stepMasks[node];
  if (!before.scanned || trigger === undefined || hasAny(before, trigger)) {
    tried = true;
    const text = step.apply(before.text, tx.rules.unicodeMap);
    if (text !== before.text) {
      after = newText(text);
      // What a scan finds is the same in upper and lower case.
      if (before.scanned && text.length === before.text.length && text === (before.lower ??= lowerAscii(before.text))) copyScan(before, after);
    }
  }
  // That nothing triggers a step is told again as quickly as it is looked up.
  if (tried) record.made = { node, text: after, before: record.made };
  return after;
}

/** Notes with a rule that a text may match it, unless its operator tells at a glance that it doesn't. */
function note(plan: PhasePlan, at: number, record: Record, text: Text): void {
  const hits = plan.hits[at]!;
  if (hits.length > 0 && hits[hits.length - 1] === record) return;
  const dismisses = plan.dismiss[at];
  if (dismisses !== undefined && dismisses(text.text)) return;
  if (hits.length === 0) {
    plan.touched.push(at);
    plan.todo[at] ||= 1;
  }
  hits.push(record);
}

function sift(plan: PhasePlan, { byOwner, rest }: Sieve, record: Record, text: Text): void {
  const { owners, low, high, top, text: { length } } = text;
  for (let index = 0; index < owners.length; index += 1) {
    const at = byOwner[owners[index]!]!;
    if (at >= 0 && hasAll(text, plan.needs[at]!) && length >= plan.needLength[at]!) note(plan, at, record, text);
  }
  for (let index = 0; index < rest.length; index += 5) {
    if ((~low & rest[index + 1]!) === 0 && (~high & rest[index + 2]!) === 0 && (~top & rest[index + 3]!) === 0 && length >= rest[index + 4]!) note(plan, rest[index]!, record, text);
  }
}

/** Whether a scanned value shows that its text at a node matches no rule there. */
function isHopeless(first: Text, { upsets, checks, reach }: NodeSieve): boolean {
  const { text, owners } = first;
  if (reach !== undefined && !hasAny(first, reach.before) && !reach.test(text, reach.length)) return true;
  const upset = hasAny(first, upsets);
  for (let index = 0; index < checks.length; index += 1) {
    const check = checks[index]!;
    if (text.length < check.length) continue;
    if (upset) return false;
    if (hasAll(first, check) && (check.owner < 0 || owners.includes(check.owner))) return false;
  }
  return true;
}

function siftAt(tx: Transaction, program: Program, plan: PhasePlan, scanner: Scanner, record: Record, sieve: NodeSieve, always: boolean): void {
  const { first } = record;
  const same = !always && !hasAny(first, sieve.triggers);
  if (!same && isHopeless(first, sieve)) return;
  const text = same ? first : textAt(tx, program, record, sieve.node);
  if (!text.scanned) scan(scanner, text);
  sift(plan, sieve.sieve, record, text);
}

/** Scans every value of a base and notes with each rule of the phase which of them it may match. */
export function distribute(tx: Transaction, program: Program, plan: PhasePlan, scanner: Scanner, phaseBase: PhaseBase, records: readonly Record[]): void {
  for (let index = 0; index < records.length; index += 1) {
    const record = records[index]!;
    const { first } = record;
    const base = phaseBase.of(record.place);
    if (base.empty) continue;
    if (!first.scanned) scan(scanner, first);
    const { triggers } = base;
    const low = first.low & triggers.low;
    const high = first.high & triggers.high;
    const top = first.top & triggers.top;
    if ((low | high | top) === 0) sift(plan, base.still, record, first);
    else {
      const view = base.viewOf(low, high, top);
      sift(plan, view.still, record, first);
      for (let place = 0; place < view.others.length; place += 1) siftAt(tx, program, plan, scanner, record, view.others[place]!, false);
    }
    for (let place = 0; place < base.always.length; place += 1) siftAt(tx, program, plan, scanner, record, base.always[place]!, true);
  }
}
