import type { Event } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { Check } from './comparison.ts';
import type { Family, Memory } from './family.ts';
import { families } from './family.ts';

// Of a hundred rules about opened files none is about this file, and that is known since the file was opened the last
// time. So each class of events keeps, by subject, which rules are open at all.

const named = (name: string): Family => families.find((family) => family.name === name) as Family;
const program = named('program');
const process = named('process');
const path = named('path');
const execs = new Set(['execve', 'execveat'].map((name) => eventTypes.findIndex((type) => type.name === name)));

/** What the rules about a type of event are told apart by. A process that runs a program is new, the program seldom is. */
function subjectOf(type: number): Family {
  return path.fits(type) ? path : execs.has(type) ? program : process;
}

/** Parts of a condition without which it is false, by family. */
export type Needs = ReadonlyMap<Family, Check>;

/** Positions of `entries` that are open for an event, in order. An entry is open when one of its conditions is. */
export function createCandidates(type: number, entries: readonly (readonly (Needs | undefined)[])[]): (event: Event) => readonly number[] {
  const family = subjectOf(type);
  const sought = family === process ? [program, process] : [family];
  const open = entries.map((conditions) => conditions.flatMap((needs) => (needs === undefined ? [] : [sought.flatMap((one) => needs.get(one) ?? [])])));
  const known = new WeakMap<Memory, readonly number[]>();
  return (event) => {
    const memory = family.memoryOf(event);
    let list = known.get(memory);
    if (list === undefined) {
      list = [...open.keys()].filter((position) => open[position]?.some((checks) => checks.every((check) => check(event))) === true);
      known.set(memory, list);
    }
    return list;
  };
}
