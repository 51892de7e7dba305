import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Outage } from '@palisade/app-agent/sensor/keep';
import { keepWarden } from '@palisade/app-agent/sensor/keep';
import type { Armed } from '@palisade/app-agent/sensor/warden';
import { startWarden } from '@palisade/app-agent/sensor/warden';
import type { Seen } from './sensor/seen.ts';
import { buildWarden, program, seenOf, unpin } from './sensor/seen.ts';

const place = mkdtempSync(path.join(tmpdir(), 'palisade-killed-'));
const pins = '/sys/fs/bpf/palisade-killed-test';
const denied = path.join(place, 'denied');
const signal = new AbortController().signal;

beforeAll(() => {
  buildWarden();
  copyFileSync('/usr/bin/touch', denied);
});
afterAll(() => {
  unpin(pins);
  rmSync(place, { recursive: true, force: true });
});

test('killed in a storm: the deny list holds throughout, the next warden takes it over, the outage is told with its length', { timeout: 60_000 }, async () => {
  const seen: Seen[] = [];
  const outages: Outage[] = [];
  const armed: Armed[] = [];
  const kept = await keepWarden({ program, pins, calls: [{ name: 'openat' }], onRecord: (record) => seen.push(seenOf(record)), onLoss: () => undefined, onArmed: (one) => armed.push(one), onOutage: (outage) => outages.push(outage), onFailure: (reason) => expect.fail(reason), signal });
  await kept.request({ op: 'denyPath', text: denied });
  const storm = spawn('sh', ['-c', `while :; do ${denied} ${place}/written; : > ${place}/other; done 2>/dev/null`], { stdio: 'ignore' });
  await sleep(300);
  const first = kept.pid ?? 0;
  const died = Date.now();
  process.kill(first, 'SIGKILL');
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  await expect.poll(() => armed.length, { timeout: 30_000, interval: 10 }).toBe(2);
  const took = Date.now() - died;
  expect(kept.pid).not.toBe(first);
  expect(outages.length).toBe(1);
  expect(outages[0]?.reason).toContain('SIGKILL');
  expect(outages[0]?.seconds).toBeGreaterThan(0);
  expect((outages[0]?.seconds ?? 0) * 1000).toBeLessThan(took + 200);
  const before = seen.length;
  await expect.poll(() => seen.length, { timeout: 5_000 }).toBeGreaterThan(before);
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  storm.kill('SIGKILL');
  expect(existsSync(`${place}/written`)).toBe(false);
  await kept.stop();
});

test('with warden and agent both dead the deny list still kills, once; the next start tells how long nobody watched', { timeout: 60_000 }, async () => {
  const first = await startWarden({ program, pins, calls: [], onRecord: () => undefined, onLoss: () => undefined, signal });
  process.kill(first.pid, 'SIGKILL');
  await first.ended.catch(() => undefined);
  await sleep(700);
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  const kills: Seen[] = [];
  const next = await startWarden({ program, pins, calls: [], onRecord: (record) => void (record.header.kind === 7 && kills.push(seenOf(record))), onLoss: () => undefined, signal });
  expect(next.armed.gapMs).toBeGreaterThanOrEqual(700);
  const pid = spawnSync(denied, [`${place}/written`]).pid;
  await expect.poll(() => kills.filter((kill) => kill.pid === pid).length, { timeout: 5_000 }).toBe(1); // adopted, not doubled
  await next.request({ op: 'allowPath', text: denied });
  expect(spawnSync(denied, [`${place}/fine`]).status).toBe(0);
  await next.stop();
});

test('pins of an agent\'s own hold when it is killed, and are gone when it is stopped', { timeout: 60_000 }, async () => {
  const own = { folder: `${pins}-own`, temporary: true } as const;
  const start = (): ReturnType<typeof startWarden> => startWarden({ program, pins: own, calls: [], onRecord: () => undefined, onLoss: () => undefined, signal });
  const first = await start();
  await first.request({ op: 'denyPath', text: denied });
  process.kill(first.pid, 'SIGKILL');
  await first.ended.catch(() => undefined);
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  const next = await start();
  expect(next.armed).toMatchObject({ pinned: true, unpinned: '' });
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  await next.stop();
  expect(existsSync(own.folder)).toBe(false);
  await expect.poll(() => spawnSync(denied, [`${place}/fine`]).status, { timeout: 5_000 }).toBe(0);
});

test('denies a program by the name it goes by, be it a link', { timeout: 60_000 }, async () => {
  const called = path.join(place, 'called-so');
  symlinkSync('/usr/bin/touch', called);
  const kills: string[] = [];
  const warden = await startWarden({ program, pins, calls: [], onRecord: (record) => void (record.header.kind === 7 && kills.push(`${record.header.arg0} ${record.header.comm}`)), onLoss: () => undefined, signal });
  await warden.request({ op: 'denyComm', text: 'called-so' });
  expect(spawnSync(called, [`${place}/written`]).signal).toBe('SIGKILL');
  expect(spawnSync('/usr/bin/touch', [`${place}/fine`]).status).toBe(0);
  await expect.poll(() => kills, { timeout: 5_000 }).toEqual(['4 called-so']);
  await warden.request({ op: 'allowComm', text: 'called-so' });
  expect(spawnSync(called, [`${place}/fine`]).status).toBe(0);
  await warden.stop();
});

test('unpin ends what outlived the warden, and only in bpffs', async () => {
  const warden = await startWarden({ program, pins, calls: [], onRecord: () => undefined, onLoss: () => undefined, signal });
  await warden.request({ op: 'denyPath', text: denied });
  await warden.stop();
  expect(spawnSync(denied, [`${place}/written`]).signal).toBe('SIGKILL');
  unpin(pins);
  await expect.poll(() => spawnSync(denied, [`${place}/fine`]).status, { timeout: 5_000 }).toBe(0);
  const elsewhere = spawnSync(program, ['unpin', place], { encoding: 'utf8' });
  expect(elsewhere.status).toBe(1);
  expect(existsSync(denied)).toBe(true);
});

test('pins of another version are not taken over, and it is said how to end them', () => {
  const other = `${pins}-other`;
  spawnSync(program, ['run', '--pin', other], { input: '' });
  rmSync(path.join(other, 'holds'));
  execFileSync('bpftool', ['map', 'create', `${other}/holds`, 'type', 'hash', 'key', '4', 'value', '4', 'entries', '1', 'name', 'holds'], { env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` } });
  const run = spawnSync(program, ['run', '--pin', other], { input: '', encoding: 'utf8' });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain(`warden unpin ${other}`);
  const taken = spawnSync(program, ['run', '--try-pin', other], { input: '' });
  expect([taken.status, taken.stdout.includes('"pinned":true')]).toEqual([0, true]);
  unpin(other);
});
