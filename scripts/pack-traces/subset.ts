type Line = { readonly container?: { readonly id: string }; readonly process?: { readonly pid: number; readonly ppid?: number; readonly container?: string }; readonly event?: { readonly pid: number } };

/** The lines that the chosen events need: themselves, and the processes and containers as they were said last before. */
export function subsetOf(lines: readonly string[], chosen: readonly number[]): string[] {
  const wanted = [...chosen].sort((a, b) => a - b);
  const taken = new Set<number>([0]);
  for (const index of wanted) {
    taken.add(index);
    const { event } = JSON.parse(lines[index] ?? '') as Line;
    if (event !== undefined) need(lines, event.pid, index, taken, 0);
  }
  return [...taken].sort((a, b) => a - b).map((index) => lines[index] ?? '');
}

function need(lines: readonly string[], pid: number, before: number, taken: Set<number>, depth: number): void {
  const at = lastBefore(lines, before, `{"process":{"pid":${pid},`);
  if (at < 0 || depth > 64) return;
  const known = taken.has(at);
  taken.add(at);
  const { process } = JSON.parse(lines[at] ?? '') as Line;
  if (process?.container !== undefined) {
    const container = lastBefore(lines, at, `{"container":{"id":"${process.container}"`);
    if (container >= 0) taken.add(container);
  }
  if (!known && process?.ppid !== undefined && process.ppid > 0) need(lines, process.ppid, at, taken, depth + 1);
}

type Index = ReadonlyMap<string, readonly number[]>;
const indexes = new WeakMap<readonly string[], Index>();

/** Where processes and containers are said, by the beginnings of their lines. */
function indexOf(lines: readonly string[]): Index {
  const found = indexes.get(lines);
  if (found !== undefined) return found;
  const index = new Map<string, number[]>();
  for (const [at, line] of lines.entries()) {
    const start = /^\{"process":\{"pid":\d+,|^\{"container":\{"id":"[^"]*"/.exec(line)?.[0];
    if (start === undefined) continue;
    const known = index.get(start);
    if (known === undefined) index.set(start, [at]);
    else known.push(at);
  }
  indexes.set(lines, index);
  return index;
}

function lastBefore(lines: readonly string[], before: number, start: string): number {
  const places = indexOf(lines).get(start) ?? [];
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as number) < before) low = middle + 1;
    else high = middle;
  }
  return places[low - 1] ?? -1;
}
