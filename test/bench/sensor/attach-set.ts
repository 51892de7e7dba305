import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { callWord } from '@palisade/app-agent/sensor/warden';
import { needsOf } from '@palisade/behaviour/wanted/calls';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { isWindowedFile, loadWindowed } from '@palisade/syscall-rules/windowed/load';
import { dataPath } from '../../conformance-data.ts';

/** What Falco's rules and our own pack make the sensor attach: names of the calls, and the warden's words for them. */
export function rulesCalls(): { readonly calls: readonly string[]; readonly words: readonly string[] } {
  const pack = globSync(path.resolve(import.meta.dirname, '../../../content/runtime/*.yaml')).filter((file) => !/\.(?:zh-CN|en)\.yaml$/.test(file));
  const files = [dataPath('falco/falco_rules.yaml'), ...pack].map((file) => ({ name: file, content: readFileSync(file, 'utf8') }));
  const names = { user: () => undefined, group: () => undefined, addresses: () => [] };
  const context = { source: { origin: 0n, hostname: 'bench' }, names };
  const set = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
  const { windows } = loadWindowed(files.filter(({ content }) => isWindowedFile(content)), set, context);
  const marks = windows.flatMap(({ name, after, unless }) => [after, unless].flatMap((mark) => (mark === undefined ? [] : [{ name, condition: mark.condition, eventTypes: mark.eventTypes }])));
  const needs = needsOf([...set.rules, ...windows, ...marks]);
  return { calls: needs.calls.map((call) => call.name), words: [...needs.calls.map(callWord), ...needs.prefixes] };
}

/** The directory of a container's cgroup, not yet made: the sensor knows containers by such names. */
export function cgroupOfContainer(id: string): string {
  const unified = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((place) => existsSync(path.join(place, 'cgroup.procs')));
  if (unified === undefined) throw new Error('no unified cgroup hierarchy is mounted');
  return path.join(unified, id);
}
