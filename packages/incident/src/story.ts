import type { TreeProcess } from '@palisade/model/detection';

/** Detections further apart than this are not one incident. */
export const storyGapMs = 30 * 60_000;

/** What decides whether two detections belong together: one node is taken for granted. Times in ms since 1970. */
export type Strand = { readonly at: number; readonly lastAt: number; readonly containers: readonly string[]; readonly processes: readonly string[] };

/**
 * The strand of one detection: the container it happened in and those its process came from, and the processes of the
 * guilty branch that can tell attacks apart. On the host everything hangs from the first process and its services, so
 * only what is below them does.
 */
export function strandOf(detection: { readonly at: string; readonly lastAt: string; readonly container?: string | undefined; readonly tree: readonly TreeProcess[] }): Strand {
  const branch = detection.tree.filter((process) => process.guilty);
  const containers = new Set(branch.flatMap((process) => (process.container === undefined ? [] : [process.container])));
  if (detection.container !== undefined) containers.add(detection.container);
  const parents = new Map(branch.map((process) => [process.pid, process.parent]));
  const telling = branch.filter((process) => process.pid > 2 && ((process.parent !== undefined && process.parent > 2 && parents.has(process.parent)) || branch.length <= 2));
  return { at: Date.parse(detection.at), lastAt: Date.parse(detection.lastAt), containers: [...containers].sort(), processes: telling.map((process) => `${process.pid}:${process.start}`) };
}

/** True when two strands of one node are one story: a container or a process in common, and never half an hour between them. */
export function sameStory(a: Strand, b: Strand): boolean {
  if (a.at - b.lastAt > storyGapMs || b.at - a.lastAt > storyGapMs) return false;
  return a.containers.some((id) => b.containers.includes(id)) || a.processes.some((id) => b.processes.includes(id));
}

/** Most processes one incident remembers; the newest are kept. */
const maxProcesses = 1000;

export function joinStrands(a: Strand, b: Strand): Strand {
  return {
    at: Math.min(a.at, b.at), lastAt: Math.max(a.lastAt, b.lastAt),
    containers: [...new Set([...a.containers, ...b.containers])].sort(),
    processes: [...new Set([...a.processes, ...b.processes])].slice(-maxProcesses),
  };
}
