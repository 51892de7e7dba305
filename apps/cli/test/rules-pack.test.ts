import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/rules.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'palisade-pack-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a pack is exported, edited and updated; the edit stays, what the pack changed comes in', async () => {
  let said = '';
  const io = { out: (text: string) => void (said += text), err: (text: string) => void (said += text), cwd: folder, env: {}, locale: 'en', signal: new AbortController().signal } as unknown as Io;
  expect(await command.run(['export', 'pack'], io)).toBe(0);
  const file = path.join(folder, 'pack/miners.yaml');
  const base = path.join(folder, 'pack/.base/miners.yaml');
  const shipped = readFileSync(file, 'utf8');
  // The user raised a priority and wrote a rule; since the version they started from, the pack has gained its last rule.
  writeFileSync(file, `${shipped.slice(0, shipped.lastIndexOf('- rule:')).replace('priority: NOTICE', 'priority: ERROR')}- rule: Mine\n  desc: d\n  condition: evt.type=connect and fd.sport=1\n  output: x\n  priority: INFO\n`);
  writeFileSync(base, shipped.slice(0, shipped.lastIndexOf('- rule:')));
  expect(await command.run(['update', 'pack'], io)).toBe(0);
  const merged = readFileSync(file, 'utf8');
  expect(merged).toContain('priority: ERROR');
  expect(merged).toContain('- rule: Mine');
  expect(merged).toContain(shipped.slice(shipped.lastIndexOf('- rule:')).split('\n')[0]);
  expect(readFileSync(base, 'utf8')).toBe(shipped);
  expect(said).toMatch(/1 entries updated, 2 edits kept, 0 conflicts/);
  await expect(command.run(['export', 'pack'], io)).rejects.toThrow(/not empty/);
});
