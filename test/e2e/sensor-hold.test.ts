import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { held, holds, kinds } from '@palisade/behaviour/decode.gen';
import type { Warden } from '@palisade/app-agent/sensor/warden';
import { startWarden } from '@palisade/app-agent/sensor/warden';
import type { Seen } from './sensor/seen.ts';
import { buildWarden, program, seenOf, unifiedRoot, unpin } from './sensor/seen.ts';

const place = mkdtempSync(path.join(tmpdir(), 'palisade-hold-'));
const pins = '/sys/fs/bpf/palisade-hold-test';
const seen: Seen[] = [];
let made = 0;

beforeAll(buildWarden);
afterAll(() => {
  unpin(pins);
  rmSync(place, { recursive: true, force: true });
});

const start = (): Promise<Warden> => startWarden({ program, pins, calls: [], onRecord: (record) => seen.push(seenOf(record)), onLoss: () => undefined, signal: new AbortController().signal });

/** What a runtime does: makes the cgroup, enters it, leaves the host's mounts behind, and executes the container's program. */
function container(): { readonly id: string; readonly written: string; readonly pid: number; end: Promise<unknown>; remove(): void } {
  const id = `d0${process.pid.toString(16).padStart(6, '0')}${(made += 1).toString(16).padStart(4, '0')}`;
  const group = path.join(unifiedRoot, id.padEnd(64, '0'));
  const written = path.join(place, id);
  mkdirSync(group);
  const script = `import ctypes,os
open("${group}/cgroup.procs","w").write(str(os.getpid()))
ctypes.CDLL(None).unshare(0x20000)
os.execv("/bin/sh",["sh","-c","touch ${written}; /bin/true; exit 0"])`;
  const child = spawn('python3', ['-c', script], { stdio: 'ignore' });
  return { id, written, pid: child.pid ?? 0, end: once(child, 'close'), remove: () => rmdirSync(group) };
}

const stateOf = (pid: number): string => /^State:\s*(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
const told = (id: string): number[] => seen.filter((record) => record.kind === kinds.held && record.container === id).map((record) => record.args[0] ?? 0);

test('a named container waits at its first exec until it is released, others and later execs do not wait', async () => {
  const warden = await start();
  const first = container();
  await first.end; // no policy: it ran
  expect(existsSync(first.written)).toBe(true);
  await warden.request({ op: 'hold', pid: 20_000, flags: holds.release });
  const second = container();
  await expect.poll(() => told(second.id), { timeout: 5_000 }).toEqual([held.stopped]);
  await expect.poll(() => stateOf(second.pid)).toBe('T');
  expect(existsSync(second.written)).toBe(false);
  await warden.request({ op: 'release', text: second.id });
  await second.end;
  expect(existsSync(second.written)).toBe(true); // touch and true, its later execs, were not held
  expect(told(second.id)).toEqual([held.stopped, held.released]);
  await expect(warden.request({ op: 'release', text: second.id })).rejects.toMatchObject({ code: 'sensor-request' });
  await warden.request({ op: 'unhold' });
  await warden.stop();
  for (const one of [first, second]) one.remove();
});

test('deadlines are kept by the kernel with every process of ours dead: released or killed, as the policy says', { timeout: 60_000 }, async () => {
  const warden = await start();
  const probe = warden.armed.programs.find((one) => one.name === 'on_hold');
  await warden.request({ op: 'hold', pid: 2_500, flags: holds.release });
  const released = container();
  await expect.poll(() => told(released.id), { timeout: 5_000 }).toEqual([held.stopped]);
  await warden.request({ op: 'hold', pid: 2_500, flags: holds.kill });
  const killed = container();
  await expect.poll(() => told(killed.id), { timeout: 5_000 }).toEqual([held.stopped]);
  process.kill(warden.pid, 'SIGKILL');
  await warden.ended.catch(() => undefined);
  if (probe?.state === 'attached') {
    await released.end;
    expect(existsSync(released.written)).toBe(true);
    expect(await killed.end).toEqual([null, 'SIGKILL']);
    expect(existsSync(killed.written)).toBe(false);
  }
  const next = await start(); // what happened meanwhile is told by the next one
  await released.end;
  await killed.end;
  await expect.poll(() => told(released.id).at(-1), { timeout: 5_000 }).toBe(held.expired);
  await expect.poll(() => told(killed.id).at(-1), { timeout: 5_000 }).toBe(held.killed);
  await next.request({ op: 'unhold' });
  await next.stop();
  for (const one of [released, killed]) one.remove();
});

test('a sensor that ends for good leaves no container stopped', async () => {
  const warden = await startWarden({ program, pins: { folder: `${pins}-for-good`, temporary: true }, calls: [], onRecord: (record) => seen.push(seenOf(record)), onLoss: () => undefined, signal: new AbortController().signal });
  expect(warden.armed.pinned).toBe(true);
  await warden.request({ op: 'hold', pid: 60_000, flags: holds.release });
  const one = container();
  await expect.poll(() => told(one.id), { timeout: 5_000 }).toEqual([held.stopped]);
  await warden.stop();
  await one.end;
  expect(existsSync(one.written)).toBe(true);
  expect(told(one.id)).toEqual([held.stopped, held.expired]);
  one.remove();
});

test('a policy without a sensible deadline is refused', async () => {
  const warden = await start();
  for (const pid of [0, 60_001]) await expect(warden.request({ op: 'hold', pid })).rejects.toMatchObject({ detail: { errno: 22 } });
  await expect(warden.request({ op: 'hold', text: 'short', pid: 100 })).rejects.toMatchObject({ detail: { errno: 22 } });
  await warden.stop();
});
