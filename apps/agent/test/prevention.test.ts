import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Denial } from '@palisade/verdict/response/compile';
import { expect, it, onTestFinished } from 'vitest';
import { openEffects } from '../src/response/effects.ts';
import { createPrevention } from '../src/response/prevention.ts';

const shut: Denial = { policy: 'p', rule: 'r', enforce: true, entry: { op: 'denyContainer', text: '', upper: true }, everywhere: false, applies: (place) => place.container === 'shut' };

it('what the kernel denied before a restart is denied until the container is known, or nobody tells of it', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-prevention-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const effects = openEffects(folder, (reason) => expect.fail(reason));
  const [kept, open, gone] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];
  effects.applied = ['denyName bad', ...[kept, open, gone].map((id) => `denyContainer ${id.slice(0, 12)}`)];
  const asked: string[] = [];
  let time = 1_000_000;
  const prevention = createPrevention({ effects, now: () => time, request: (request) => Promise.resolve(void asked.push(`${request.op} ${request.text ?? ''}`)) });
  prevention.want([shut]);
  prevention.armed(true);
  await prevention.reconcile();
  expect(asked.splice(0)).toEqual(['allowName bad']); // needs no container to be known as unwanted
  prevention.place(kept, { container: 'shut' });
  prevention.place(open, { container: 'other' });
  await prevention.reconcile();
  expect(asked.splice(0)).toEqual([`allowContainer ${open.slice(0, 12)}`, `denyContainer ${kept.slice(0, 12)}`]);
  time += 60_000;
  await prevention.reconcile();
  expect(asked).toEqual([`allowContainer ${gone.slice(0, 12)}`]);
  expect(effects.applied).toEqual([`denyContainer ${kept.slice(0, 12)}`]);
});
