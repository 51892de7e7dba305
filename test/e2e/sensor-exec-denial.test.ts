import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { denials, kinds } from '@palisade/behaviour/decode.gen';
import type { Warden } from '@palisade/app-agent/sensor/warden';
import { startWarden } from '@palisade/app-agent/sensor/warden';
import type { Seen } from './sensor/seen.ts';
import { buildWarden, program, seenOf } from './sensor/seen.ts';

// A process whose root is an overlay, as a container's is: image below, upper layer above.
const place = mkdtempSync(path.join(tmpdir(), 'palisade-denial-'));
const seen: Seen[] = [];
const faults: string[] = [];
const id = 'fa11fa11fa11';
let box: ChildProcess;
let warden: Warden;

beforeAll(async () => {
  buildWarden();
  for (const folder of ['layers', 'layers/lower', 'layers/upper', 'layers/work', 'merged']) mkdirSync(path.join(place, folder));
  mkdirSync(path.join(place, 'layers/lower/bin'));
  for (const name of ['busybox', 'touch']) copyFileSync('/bin/busybox', path.join(place, 'layers/lower/bin', name));
  const script = `mount --make-rprivate / && mount -t overlay overlay -o lowerdir=${place}/layers/lower,upperdir=${place}/layers/upper,workdir=${place}/layers/work ${place}/merged && \
    cp /bin/busybox ${place}/merged/bin/printf && cd ${place}/merged && mkdir old && pivot_root . old && /bin/busybox umount -l /old; exec /bin/busybox sh -c 'echo ready; exec /bin/busybox sleep 1000'`;
  box = spawn('unshare', ['-m', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(box.stdout ?? box, 'data');
  warden = await startWarden({ program, calls: [], execDenial: true, onRecord: (record) => seen.push(seenOf(record)), onLoss: () => undefined, onFault: (text) => faults.push(text), signal: new AbortController().signal });
});

afterAll(async () => {
  await warden.stop();
  box.kill('SIGKILL');
  rmSync(place, { recursive: true, force: true });
});

const inside = (command: string): string => execFileSync('nsenter', ['-t', String(box.pid), '-m', '-r', '/bin/busybox', 'sh', '-c', `${command}; true`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
const mark = (): Promise<void> => warden.request({ op: 'execMark', text: id, pid: box.pid ?? 0 });

test('it says openly that it keeps CAP_SYS_ADMIN', () => {
  expect(warden.armed.execDenial).toBe('on, keeps CAP_SYS_ADMIN');
});

test('a listed path is refused with EPERM, 1,000 of 1,000, and nothing else is', async () => {
  await mark();
  await warden.request({ op: 'execDeny', text: `${id}:/bin/touch` });
  const script = 'i=0; while [ $i -lt 1000 ]; do /bin/touch /written; [ $? -eq 126 ] && echo; i=$((i+1)); done | /bin/busybox wc -l; /bin/busybox ls / | /bin/busybox grep -c written';
  expect(inside(script).split('\n')).toEqual(['1000', '0']);
  await expect.poll(() => seen.some((record) => record.kind === kinds.denied && record.exe === '/bin/touch' && record.container === id && record.result === -1), { timeout: 5_000 }).toBe(true);
  await warden.request({ op: 'execAllow', text: `${id}:/bin/touch` });
  expect(inside('/bin/touch /fine && echo fine')).toBe('fine');
});

test('only files of the image: what was written after it is refused, what is the image runs', async () => {
  await warden.request({ op: 'execDeny', text: `${id}:`, flags: denials.upper });
  expect(inside('/bin/printf ran')).toBe('');
  expect(inside('/bin/busybox echo ran')).toBe('ran');
  await warden.request({ op: 'execAllow', text: `${id}:` });
  await warden.request({ op: 'execDeny', text: ':printf' });
  expect(inside('/bin/printf ran')).toBe('');
  await warden.request({ op: 'execAllow', text: ':printf' });
});

test('wrong requests are refused', async () => {
  for (const text of ['no-colon', 'short:/bin/x', `${id}:`]) await expect(warden.request({ op: 'execDeny', text })).rejects.toMatchObject({ detail: { errno: 22 } });
  await expect(warden.request({ op: 'execMark', text: id, pid: process.pid, start: 1 })).rejects.toMatchObject({ detail: { errno: 3 } });
  await expect(warden.request({ op: 'execAllow', text: ':never-denied' })).rejects.toMatchObject({ detail: { errno: 2 } });
});

test('a listener that hangs is ended within a second: execs go on, and it is told', async () => {
  await warden.request({ op: 'execDeny', text: `${id}:/bin/touch` });
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === warden.pid).map(Number);
  expect(children.length).toBe(1);
  process.kill(children[0] ?? 0, 'SIGSTOP');
  const began = Date.now();
  expect(inside('/bin/touch /ran && echo ran')).toBe('ran');
  expect(Date.now() - began).toBeLessThan(5_000);
  await expect.poll(() => faults, { timeout: 5_000 }).toEqual([expect.stringContaining('hung')]);
  await expect(mark()).rejects.toMatchObject({ code: 'sensor-request' });
});

function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it ended meanwhile
  }
}
