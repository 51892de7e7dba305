import { lowerAscii } from '../bytes.ts';
import type { Scanner } from '../prefilter/scanner.ts';
import type { Transaction } from '../engine/transaction.ts';
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
  to.owners = from.owners;
}

/** The text of a value at a node; steps whose trigger a scanned text lacks are passed over. */
export function textAt(tx: Transaction, program: Program, record: Record, node: number): Text {
  if (node === 0) return record.first;
  const known = record.at?.[node];
  if (known !== undefined) return known;
  const step = program.steps.nodes[node]!;
  const before = textAt(tx, program, record, step.parent);
  let after = before;
  if (!before.scanned || (before.low & program.stepLow[node]!) !== 0 || (before.high & program.stepHigh[node]!) !== 0 || (program.stepLow[node] === -1 && program.stepHigh[node] === -1)) {
    const text = step.apply(before.text, tx.rules.unicodeMap);
    if (text !== before.text) {
      after = newText(text);
      // What a scan finds is the same in upper and lower case.
      if (before.scanned && text.length === before.text.length && text === (before.lower ??= lowerAscii(before.text))) copyScan(before, after);
    }
  }
  (record.at ??= [])[node] = after;
  return after;
}

function note(plan: PhasePlan, at: number, record: Record, text: Text): void {
  const low = plan.needLow[at]!;
  const high = plan.needHigh[at]!;
  if ((text.low & low) !== low || (text.high & high) !== high || text.text.length < plan.needLength[at]!) return;
  const hits = plan.hits[at]!;
  if (hits.length === 0) {
    plan.touched.push(at);
    plan.todo[at] ||= 1;
  } else if (hits[hits.length - 1] === record) return;
  hits.push(record);
}

function sift(plan: PhasePlan, { byOwner, rest }: Sieve, record: Record, text: Text): void {
  const { owners } = text;
  for (let index = 0; index < owners.length; index += 1) {
    const at = byOwner[owners[index]!]!;
    if (at >= 0) note(plan, at, record, text);
  }
  for (let index = 0; index < rest.length; index += 1) {
    const at = rest[index]!;
    const low = plan.shortLow[at]!;
    const high = plan.shortHigh[at]!;
    if ((text.low & low) === low && (text.high & high) === high) note(plan, at, record, text);
  }
}

/** Whether a scanned value shows that its text at a node matches no rule there. */
function isHopeless({ low, high, text, owners }: Text, { upsetLow, upsetHigh, checks }: NodeSieve): boolean {
  const upset = (low & upsetLow) !== 0 || (high & upsetHigh) !== 0;
  for (let index = 0; index < checks.length; index += 1) {
    const check = checks[index]!;
    if (text.length < check.length) continue;
    if (upset) return false;
    if ((low & check.needLow) === check.needLow && (high & check.needHigh) === check.needHigh && (check.owner < 0 || owners.includes(check.owner))) return false;
  }
  return true;
}

function siftAt(tx: Transaction, program: Program, plan: PhasePlan, scanner: Scanner, record: Record, sieve: NodeSieve, always: boolean): void {
  const { first } = record;
  const same = !always && (first.low & sieve.low) === 0 && (first.high & sieve.high) === 0;
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
    if ((first.low & base.triggerLow) === 0 && (first.high & base.triggerHigh) === 0) sift(plan, base.still, record, first);
    else {
      const view = base.viewOf(first.low & base.triggerLow, first.high & base.triggerHigh);
      sift(plan, view.still, record, first);
      for (let place = 0; place < view.others.length; place += 1) siftAt(tx, program, plan, scanner, record, view.others[place]!, false);
    }
    for (let place = 0; place < base.always.length; place += 1) siftAt(tx, program, plan, scanner, record, base.always[place]!, true);
  }
}
