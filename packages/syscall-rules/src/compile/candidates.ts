import type { Event, Memory } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { Check } from './comparison.ts';
import type { Family } from './family.ts';
import { container, lineage, name, objects, process, processMemory, program } from './family.ts';

// Of a hundred rules about opened files none is about this file, and none about this program: that is known since the
// file, and the program, were seen the last time. So each class of events keeps, by subject, which of its conditions
// are open at all. There are few different answers, so they are numbered: what a subject remembers is a number, and what
// two subjects leave open together is looked up.

/** A process that is new with the event is asked but once: what is known of its name, its parents and its container comes first. */
const newProcess = new Set(['execve', 'execveat', 'clone', 'procexit'].map((type) => eventTypes.findIndex((known) => known.name === type)));

/** The subjects whose answers are kept for a type of event; conditions on others are part of the rest. */
export function subjectsOf(type: number): readonly Family[] {
  const passing = [name, lineage, container, program];
  return newProcess.has(type) ? passing : [...passing, process, ...objects.filter((family) => family.fits(type))];
}

/** Whether single answers about a subject of this type of event are asked for again. What an event is about is asked all at once, and a new file should cost little. */
export function lasts(family: Family, type: number): boolean {
  return !objects.includes(family) && (family !== process || !newProcess.has(type));
}

/** Parts of a condition without which it is false, by subject. */
export type Needs = ReadonlyMap<Family, Check>;

/** Different answers kept of one set of conditions; beyond, all are forgotten. */
const maxAnswers = 4096;

/** Sets of conditions are numbered as they are first asked, so that what a subject remembers stays short. */
let numbered = 0;

/** Gives the positions of the conditions that are open for an event, in order. */
export function createCandidates(type: number, needs: readonly Needs[]): (event: Event) => readonly number[] {
  const subjects = subjectsOf(type);
  const checksOf = (family: Family): readonly (Check | undefined)[] | undefined => {
    const checks = needs.map((one) => one.get(family));
    return subjects.includes(family) && checks.some((check) => check !== undefined) ? checks : undefined;
  };
  const byName = checksOf(name);
  const byLineage = checksOf(lineage);
  const byContainer = checksOf(container);
  const byProgram = checksOf(program);
  const byProcess = checksOf(process);
  const byObject = objects.flatMap((family) => {
    const checks = checksOf(family);
    return checks === undefined ? [] : [{ family, checks }];
  });
  const lasting = subjects.includes(process) && (byName ?? byLineage ?? byContainer ?? byProgram ?? byProcess) !== undefined;
  const everything = needs.map((_, position) => position);

  let number = -1;
  // Answers by number, from 1: 0 is "not known yet". The first is that everything is open.
  let answers: (readonly number[])[] = [];
  let numbers = new Map<string, number>();
  let together: (number[] | undefined)[] = [];

  function begin(): void {
    number = numbered++;
    answers = [[]];
    numbers = new Map();
    together = [];
    numberOf(everything);
  }

  /** A text for a set of positions: sixteen in a character. */
  const units = new Uint16Array((needs.length >>> 4) + 1);
  function numberOf(positions: readonly number[]): number {
    units.fill(0);
    for (let index = 0; index < positions.length; index += 1) {
      const position = positions[index] as number;
      units[position >>> 4] = (units[position >>> 4] as number) | (1 << (position & 15));
    }
    let key = '';
    for (let index = 0; index < units.length; index += 1) key += String.fromCharCode(units[index] as number);
    let known = numbers.get(key);
    if (known === undefined) {
      known = answers.push(positions) - 1;
      numbers.set(key, known);
    }
    return known;
  }

  const answerOf = (known: number): readonly number[] => answers[known] as readonly number[];

  function both(one: number, other: number): number {
    if (one === other || other === 1) return one;
    if (one === 1) return other;
    const row = (together[one] ??= []);
    while (row.length <= other) row.push(0);
    let known = row[other] as number;
    if (known === 0) {
      const others = new Set(answerOf(other));
      known = numberOf(answerOf(one).filter((position) => others.has(position)));
      row[other] = known;
    }
    return known;
  }

  function narrowed(asked: number, checks: readonly (Check | undefined)[], event: Event): number {
    return numberOf(answerOf(asked).filter((position) => checks[position]?.(event) !== false));
  }

  /** What a subject leaves open of what is `asked`: that must be the same at each event of the subject. */
  function of(memory: Memory, asked: number, checks: readonly (Check | undefined)[], event: Event): number {
    const { open } = memory;
    let known = number < open.length ? (open[number] as number) : 0;
    if (known === 0) {
      known = narrowed(asked, checks, event);
      while (open.length <= number) open.push(0);
      open[number] = known;
    }
    return known;
  }

  /** What is open by all that is known of a process. */
  function ofProcess(event: Event): number {
    let open = byName === undefined ? 1 : of(name.memoryOf(event), 1, byName, event);
    // A command line has one name: it is asked what the name left open.
    const named = open;
    if (byLineage !== undefined) open = both(open, of(lineage.memoryOf(event), 1, byLineage, event));
    if (byContainer !== undefined) open = both(open, of(container.memoryOf(event), 1, byContainer, event));
    if (byProgram !== undefined && answerOf(open).some((position) => byProgram[position] !== undefined)) open = both(open, of(program.memoryOf(event), named, byProgram, event));
    return byProcess === undefined ? open : narrowed(open, byProcess, event);
  }

  return (event) => {
    if (number < 0 || answers.length > maxAnswers) begin();
    let found = 1;
    if (lasting) {
      const { open } = processMemory(event.process);
      found = number < open.length ? (open[number] as number) : 0;
      if (found === 0) {
        found = ofProcess(event);
        while (open.length <= number) open.push(0);
        open[number] = found;
      }
    } else if (newProcess.has(type)) found = ofProcess(event);
    for (let index = 0; index < byObject.length && answerOf(found).length > 0; index += 1) {
      const { family, checks } = byObject[index] as (typeof byObject)[number];
      found = both(found, of(family.memoryOf(event), 1, checks, event));
    }
    return answerOf(found);
  };
}
