import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { loadRules } from '../src/ruleset.ts';
import { createReplay } from '../src/trace/replay.ts';
import { isWindowedFile, loadWindowed } from '../src/windowed/load.ts';

// Each rule of the pack against two traces recorded from real runs: acts that fire it, and work that does not.

const folder = path.resolve(import.meta.dirname, '../../../content/runtime');
const traces = path.join(folder, 'traces');
const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name)).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
const context = { source: { origin: 0n, hostname: 'node' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
const set = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
const { windows } = loadWindowed(files.filter(({ content }) => isWindowedFile(content)), set, context);
const rules = [...set.rules, ...windows];
/** Acts that these machines cannot do: their kernels have no such call. Their traces are written by hand, and say so. */
const written = new Set<string>(['palisade_R2019']);

function fired(id: string, name: string): readonly string[] {
  const seen: string[] = [];
  const own = (rule: { readonly id: string }): boolean => rule.id === id;
  const replay = createReplay({ file: name, load: () => ({ rules: set.rules.filter(own), windows: windows.filter(own), context }), onMatch: (rule) => void seen.push(rule.id), onWindow: ({ rule }) => void seen.push(rule.id) });
  for (const line of readFileSync(path.join(traces, name), 'utf8').trimEnd().split('\n')) replay.line(line);
  expect(replay.events, name).toBeGreaterThan(0);
  return seen;
}

it('has a firing and a silent trace for every rule, and none without a rule', () => {
  const wanted = rules.flatMap(({ id }) => [`${id}.fires.ndjson`, `${id}.silent.ndjson`]);
  expect(wanted.filter((name) => !existsSync(path.join(traces, name)))).toEqual([]);
  expect(readdirSync(traces).filter((name) => !rules.some(({ id }) => name.startsWith(`${id}.`)))).toEqual([]);
});

it('tells recorded traces from those written by hand', () => {
  const byHand = readdirSync(traces).filter((name) => /"note":"written by hand/.test(readFileSync(path.join(traces, name), 'utf8').split('\n', 1)[0] ?? ''));
  expect(byHand).toEqual([...written].map((id) => `${id}.fires.ndjson`));
});

it('fires every rule on its firing trace', () => {
  expect(rules.filter(({ id }) => fired(id, `${id}.fires.ndjson`).length === 0).map(({ name }) => name)).toEqual([]);
});

it('keeps every rule silent on its silent trace', () => {
  expect(rules.filter(({ id }) => fired(id, `${id}.silent.ndjson`).length > 0).map(({ name }) => name)).toEqual([]);
});

it('names nothing of the machine the traces were recorded on', () => {
  const named = readdirSync(traces).filter((name) => /palisade-(?:engine|drill)|\/work\/|node_modules/.test(readFileSync(path.join(traces, name), 'utf8')));
  expect(named).toEqual([]);
});
