import type { Process } from '../event.ts';

/** How far up the tree a search goes: a broken or hostile source must not make an endless walk. */
const maxAncestors = 64;

/** The n-th ancestor: 0 is the process itself, 1 its parent. */
export function ancestor(process: Process, level: number): Process | undefined {
  let at: Process | undefined = process;
  for (let step = 0; step < level && at !== undefined; step += 1) {
    if (step >= maxAncestors) return undefined;
    at = at.parent;
  }
  return at;
}

/** One value of every ancestor, parent first. */
export function ofAncestors<T>(process: Process, value: (process: Process) => T): T[] {
  const result: T[] = [];
  for (let at = process.parent; at !== undefined && result.length < maxAncestors; at = at.parent) result.push(value(at));
  return result;
}

/** The leader of a session or group: the eldest ancestor in an unbroken line with the same id. */
export function eldest(process: Process, same: (a: Process, b: Process) => boolean): Process {
  let leader = process;
  let steps = 0;
  for (let at = process.parent; at !== undefined && steps < maxAncestors && same(at, process); at = at.parent) {
    leader = at;
    steps += 1;
  }
  return leader;
}
