import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import { isWindowedFile, loadWindowed } from '@palisade/syscall-rules/windowed/load';
import { baseCalls, needsOf } from '../src/wanted/calls.ts';

const context = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };

function needs(condition: string) {
  const { rules, problems } = loadRules([{ name: 'r.yaml', content: `- rule: A\n  desc: d\n  condition: ${condition}\n  output: x\n  priority: INFO\n` }], context);
  expect(problems.filter((problem) => problem.severity === 'error')).toEqual([]);
  return needsOf(rules);
}
const call = (result: ReturnType<typeof needs>, name: string) => result.calls.find((one) => one.name === name);

test('without rules only the base set is recorded', () => {
  expect(needsOf([]).calls.map((one) => one.name).sort()).toEqual([...baseCalls].sort());
  expect(needsOf([]).calls.every((one) => !one.failed && one.reads === false)).toBe(true);
});

test('opens for writing need no opens for reading', () => {
  const found = needs('evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.num>=0 and fd.name startswith /etc');
  expect(call(found, 'openat')).toEqual({ name: 'openat', failed: false, reads: false });
});

test('reads of named paths are recorded below those paths only', () => {
  const found = needs('evt.type in (open,openat) and evt.is_open_read=true and (fd.name in (/etc/shadow, /etc/sudoers) or fd.directory=/etc/pam.d) and not proc.name=sshd');
  expect(call(found, 'openat')?.reads).toBe('prefixes');
  expect(found.prefixes).toEqual(['/etc/pam.d/', '/etc/shadow', '/etc/sudoers']);
});

test('parts of paths are asked for where no beginning is known; raw names say nothing of the opened file', () => {
  const found = needs('evt.type=openat and evt.is_open_read=true and (fd.name=/etc/shadow or fd.name contains id_rsa or fd.name glob "*/.ssh/*" or fd.name endswith /id_rsa.pub)');
  expect(call(found, 'openat')?.reads).toBe('prefixes');
  expect(found.prefixes).toEqual(['*/.ssh/', '*id_rsa', '/etc/shadow']);
  expect(needs('evt.type=openat and evt.is_open_read=true and fd.nameraw contains "../" and fd.name startswith /etc').prefixes).toEqual(['/etc']);
});

test('one alternative without a path makes every read count', () => {
  expect(call(needs('evt.type=openat and evt.is_open_read=true and (fd.name=/etc/shadow or proc.name=cat)'), 'openat')?.reads).toBe(true);
  expect(call(needs('evt.type=openat and evt.is_open_read=true and fd.nameraw contains "../"'), 'openat')?.reads).toBe(true);
});

test('failed calls are recorded where a failure can make a rule true', () => {
  expect(call(needs('evt.type=openat and fd.num=-1 and evt.res startswith E'), 'openat')).toMatchObject({ failed: true, reads: false });
  expect(call(needs('evt.type=symlinkat and evt.arg.target=/etc/shadow'), 'symlinkat')?.failed).toBe(true);
  expect(call(needs('evt.type=dup2 and evt.rawres in (0, 1, 2)'), 'dup2')?.failed).toBe(false);
  expect(call(needs('evt.type=connect and (evt.rawres >= 0 or evt.res = EINPROGRESS)'), 'connect')?.failed).toBe(false);
});

test('a rule about events nobody records is named', () => {
  expect(needs('evt.type in (semop, connect)').silent).toEqual([{ rule: 'A', types: ['semop'], wholly: false }]);
});

test('the product\'s pack has opens for reading recorded only below the paths it names', () => {
  const folder = path.resolve(import.meta.dirname, '../../../content/runtime');
  const files = readdirSync(folder).filter((name) => /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/.test(name)).sort().map((name) => ({ name, content: readFileSync(path.join(folder, name), 'utf8') }));
  const set = loadRules(files.filter(({ content }) => !isWindowedFile(content)), context);
  const { windows } = loadWindowed(files.filter(({ content }) => isWindowedFile(content)), set, context);
  const reading = [...set.rules, ...windows].filter((rule) => needsOf([rule]).calls.some(({ reads }) => reads === true));
  expect(reading.map(({ name }) => name)).toEqual([]);
  expect(needsOf([...set.rules, ...windows]).prefixes.filter((prefix) => prefix.startsWith('*') || prefix === '/proc/')).toEqual([]);
});
