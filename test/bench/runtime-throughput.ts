import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createSlots } from '@palisade/behaviour/container/slots';
import { createRecordStream } from '@palisade/behaviour/decode';
import { createSockets } from '@palisade/behaviour/descriptor/sockets';
import { createPipeline } from '@palisade/behaviour/pipeline';
import { createRecorder } from '@palisade/behaviour/recorder/recorder';
import { createProcessTree } from '@palisade/behaviour/process/tree';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import { hostContainer } from '@palisade/syscall-rules/event';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { createWindowCounter } from '@palisade/syscall-rules/windowed/count';
import { isWindowedFile, loadWindowed } from '@palisade/syscall-rules/windowed/load';
import { dataPath } from '../conformance-data.ts';
import { ordinaryStream } from './runtime-records.ts';

// Records decided per second on one core, in replay: decode alone, decode with process tree and events, and with the
// rules (Falco's stable set and the product's pack where it is there). Best of 7 rounds; target 500,000 a second.

const count = Number(process.argv[2] ?? 400_000);
const rounds = 7;
const root = path.resolve(import.meta.dirname, '../..');
const stream = ordinaryStream(count);
const chunk = 64 * 1024;

const files = [
  ...(existsSync(dataPath('falco/falco_rules.yaml')) ? [dataPath('falco/falco_rules.yaml')] : []),
  ...globSync('content/runtime/*.yaml', { cwd: root }).filter((name) => !/\.(en|zh-CN)\.yaml$/.test(name)).map((name) => path.join(root, name)),
].map((name) => ({ name, content: readFileSync(name, 'utf8') }));

function pipeline(withRules: boolean): { take: Parameters<typeof createRecordStream>[0]; matches: () => number } {
  const context = { source: { origin: 0n, hostname: 'bench' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
  const set = loadRules(files.filter((file) => !isWindowedFile(file.content)), context);
  const { windows } = loadWindowed(files.filter((file) => isWindowedFile(file.content)), set, context);
  const slots = createSlots((id) => slots.describe({ ...hostContainer, id, type: 'docker', name: id, image: 'shop/web:1', imageRepository: 'shop/web', imageTag: '1' }));
  const sockets = createSockets();
  const tree = createProcessTree({ slots, sockets, environment: false, inspect: () => undefined });
  let matched = 0;
  const made = createPipeline({
    tree, slots, sockets, engine: createRuleEngine(withRules ? set.rules : [], context), windows: createWindowCounter(withRules ? windows : [], context), recorder: createRecorder(), holdUnknown: false,
    onResolved: () => undefined,
    onMatch: () => void (matched += 1),
    onWindow: () => void (matched += 1),
  });
  return { take: made.take, matches: () => matched };
}

function once(take: Parameters<typeof createRecordStream>[0]): number {
  const reader = createRecordStream(take);
  const started = process.cpuUsage();
  for (let at = 0; at < stream.length; at += chunk) reader.push(stream.subarray(at, at + chunk));
  const used = process.cpuUsage(started);
  return (used.user + used.system) / 1e6;
}

// One pipeline for all rounds, as an agent has one for months: what is measured is the running engine, not its warming up.
function best({ take, matches }: { take: Parameters<typeof createRecordStream>[0]; matches: () => number }): { rate: number; matches: number } {
  let seconds = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round += 1) seconds = Math.min(seconds, once(take));
  return { rate: count / seconds, matches: matches() };
}

const decode = best({ take: () => undefined, matches: () => 0 });
const events = best(pipeline(false));
const rules = best(pipeline(true));
const line = (what: string, { rate, matches }: { rate: number; matches: number }): string => `${what.padEnd(34)} ${Math.round(rate).toLocaleString('en').padStart(10)} records/s of CPU time  ${(rate / decode.rate).toFixed(2)} of decode alone${matches > 0 ? `, ${matches} matches` : ''}\n`;
process.stdout.write(`${count} records, ${(stream.length / count).toFixed(0)} bytes each; ${files.length} rule files\n`);
process.stdout.write(line('decode', decode) + line('decode, tree, events', events) + line('decode, tree, events, rules', rules));
process.stdout.write(`against the target of 500,000: ${(rules.rate / 500_000).toFixed(2)}\n`);
