import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventTypes } from '@palisade/syscall-rules/event-types/table';
import { createReplay } from '@palisade/syscall-rules/trace/replay';
import type { Loaded, PackRule } from './pack-traces/pack.ts';
import { loadPack } from './pack-traces/pack.ts';
import { anonymous } from './pack-traces/anonymous.ts';
import { subsetOf } from './pack-traces/subset.ts';

// sh scripts/node.sh scripts/pack-traces.ts DIR: picks from a recorded drill run (`palisade drill run --record DIR`) one
// short trace in which each rule of the pack fires and one in which it stays silent, and writes them, without the names
// of the machine they were recorded on, to content/runtime/traces. Rules that no act of the run fired keep what they have.

type Outcome = { readonly container?: string; readonly kind: 'attack' | 'benign'; readonly class: string };
type Seen = { readonly container: string; readonly index: number; readonly type: number };

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'content/runtime/traces');
const from = process.argv[2];
if (from === undefined) throw new Error('usage: sh scripts/node.sh scripts/pack-traces.ts DIR');
/** Most events of a firing and of a silent trace. */
const most = { firing: 300, silent: 6 } as const;

const lines = readFileSync(path.join(from, 'trace.ndjson'), 'utf8').trimEnd().split('\n');
const outcomes = JSON.parse(readFileSync(path.join(from, 'outcomes.json'), 'utf8')) as Outcome[];
const byContainer = new Map(outcomes.flatMap((outcome) => (outcome.container === undefined ? [] : [[outcome.container, outcome] as const])));
const pack = loadPack(path.join(root, 'content/runtime'));

// One pass over the whole run: where each rule fires, and which events could be part of it.
const fired = new Map<string, Seen[]>();
const touched = new Map<string, Seen[]>();
const events: Seen[] = [];
const note = (map: Map<string, Seen[]>, id: string, seen: Seen): void => {
  const known = map.get(id);
  if (known === undefined) map.set(id, [seen]);
  else known.push(seen);
};
let now: Seen = { container: '', index: -1, type: -1 };
const watching: Loaded = loadPack(path.join(root, 'content/runtime'));
const replay = createReplay({
  file: 'trace',
  load: (source) => ({ ...watching, context: { ...watching.context, source } }),
  onMatch: (rule) => note(fired, rule.id, now),
  onWindow: (match) => note(fired, match.rule.id, now),
});
// The replay decides an event as it reads it, so what is read is known just before.
const containers = new Map<number, string>();
for (const [index, line] of lines.entries()) {
  const { event, process: said } = index === 0 ? {} : (JSON.parse(line) as { event?: { pid: number; type: string }; process?: { pid: number; container?: string } });
  if (said !== undefined) containers.set(said.pid, said.container ?? '');
  if (event !== undefined) {
    now = { container: containers.get(event.pid) ?? '', index, type: eventTypes.findIndex((type) => type.name === event.type) };
    events.push(now);
  }
  replay.line(line);
}
for (const rule of pack.all) for (const seen of events) if (rule.types.has(seen.type)) note(touched, rule.id, seen);

mkdirSync(target, { recursive: true });
for (const rule of pack.all) {
  const firing = fired.get(rule.id)?.slice(0, 6).map((last) => firingTrace(rule, last)).filter((text) => text !== undefined).sort((a, b) => a.length - b.length)[0];
  if (firing === undefined) process.stdout.write(`no act of this run fires ${rule.id} ${rule.name}\n`);
  else write(`${rule.id}.fires.ndjson`, firing);
  const silent = silentTrace(rule);
  if (silent === undefined) process.stdout.write(`nothing of this run is silent for ${rule.id} ${rule.name}\n`);
  else write(`${rule.id}.silent.ndjson`, silent);
}
const ids = new Set(pack.all.map(({ id }) => id));
for (const file of readdirSync(target)) if (!ids.has(file.split('.')[0] ?? '')) rmSync(path.join(target, file));

function firingTrace(rule: PackRule, last: Seen): readonly string[] | undefined {
  const before = rule.windowed ? (touched.get(rule.id) ?? []).filter((seen) => seen.container === last.container && seen.index < last.index).slice(-most.firing) : [];
  let kept = [...before, last].map(({ index }) => index);
  const fires = (chosen: readonly number[]): boolean => rule.fires(subsetOf(lines, chosen));
  if (!fires(kept)) return undefined;
  // Halves, then quarters …: whatever can go without the rule falling silent goes.
  for (let size = Math.ceil(kept.length / 2); kept.length > 1; size = Math.ceil(size / 2)) {
    for (let at = 0; at < kept.length; ) {
      const fewer = [...kept.slice(0, at), ...kept.slice(at + size)];
      if (fewer.length > 0 && fires(fewer)) kept = fewer;
      else at += size;
    }
    if (size === 1) break;
  }
  return shortened(subsetOf(lines, kept), (text) => rule.fires(text));
}

/** Of honest work first, of the rule's own class before others: the events that could have fired it and did not. */
function silentTrace(rule: PackRule): readonly string[] | undefined {
  const firing = new Set((fired.get(rule.id) ?? []).map(({ container }) => container));
  const rank = (container: string): number => {
    const outcome = byContainer.get(container);
    return (outcome?.kind === 'benign' ? 0 : 2) + (outcome !== undefined && rule.file.startsWith(outcome.class) ? 0 : 1);
  };
  for (const candidates of [touched.get(rule.id) ?? [], events]) {
    const groups = Map.groupBy(candidates.filter(({ container }) => byContainer.has(container) && !firing.has(container)), ({ container }) => container);
    for (const [, group] of [...groups].sort(([a, x], [b, y]) => rank(a) - rank(b) || y.length - x.length)) {
      const text = shortened(subsetOf(lines, spread(group, most.silent).map(({ index }) => index)), (trace) => !rule.fires(trace));
      if (!rule.fires(text)) return text;
    }
  }
  return undefined;
}

function spread<T>(all: readonly T[], count: number): readonly T[] {
  return all.length <= count ? all : Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)] as T);
}

/** Without names of this machine, and without environments where nothing depends on them. */
function shortened(trace: readonly string[], holds: (trace: readonly string[]) => boolean): readonly string[] {
  const bare = anonymous(trace, false);
  return holds(bare) ? bare : anonymous(trace, true);
}

function write(name: string, trace: readonly string[]): void {
  writeFileSync(path.join(target, name), `${trace.join('\n')}\n`);
}
