import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { enforcementOf } from '../src/response/prevention.ts';
import { loadRules } from '../src/ruleset.ts';
import { isWindowedFile } from '../src/windowed/load.ts';

const context = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };

function enforcement(condition: string) {
  const { rules, problems } = loadRules([{ name: 'x.yaml', content: `- rule: r\n  desc: d\n  condition: >-\n    ${condition}\n  output: o\n  priority: WARNING\n` }], context);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const [rule] = rules;
  if (rule === undefined) throw new Error('no rule');
  return enforcementOf(rule);
}

const exec = 'evt.type in (execve, execveat) and container.id != host';

it('denies by path, by the file\'s own name, by the name a program goes by, by layer and by memory file', () => {
  expect(enforcement(`${exec} and (proc.exepath = /bin/x or basename(proc.exepath) in (y) or proc.name in (z, w))`)).toEqual({
    kind: 'prevents',
    entries: [{ op: 'denyPath', text: '/bin/x', containers: true }, { op: 'denyName', text: 'y', containers: true }, { op: 'denyComm', text: 'z', containers: true }, { op: 'denyComm', text: 'w', containers: true }],
  });
  expect(enforcement(`${exec} and (proc.is_exe_upper_layer=true or proc.is_exe_from_memfd=true)`)).toEqual({ kind: 'prevents', entries: [{ op: 'denyContainer', text: '', upper: true }, { op: 'denyContainer', text: '', memfd: true }] });
});

it('denies no name that the kernel\'s cut would make fit longer ones', () => {
  expect(enforcement(`${exec} and basename(proc.exepath) = monero-wallet-r`)).toMatchObject({ kind: 'acts-after' });
  expect(enforcement(`${exec} and proc.name = monero-wallet-r`)).toMatchObject({ kind: 'prevents' });
});

it('refuses what only a part of would be denied, and names it', () => {
  expect(enforcement(`${exec} and proc.name = x and not proc.pname = y`)).toEqual({ kind: 'acts-after', reason: '"not proc.pname = y" is not among what the kernel side decides' });
  expect(enforcement(`${exec} and proc.name = x and proc.is_exe_upper_layer = true`)).toMatchObject({ kind: 'acts-after' });
});

it('lets the pack\'s rules about names and memory files prevent', () => {
  const folder = path.resolve(import.meta.dirname, '../../../content/runtime');
  const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name)).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
  const { rules } = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
  const preventing = rules.filter((rule) => enforcementOf(rule).kind === 'prevents').map(({ id }) => id).sort();
  expect(preventing).toEqual(expect.arrayContaining(['palisade_R3003', 'palisade_R3010', 'palisade_R4002', 'palisade_R6003', 'palisade_R7001', 'palisade_R7010']));
});
