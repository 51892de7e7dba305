import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import { createRecordStream, textOf } from '@palisade/behaviour/decode';
import { kinds, requestAt, requestOps, requestSize, tags } from '@palisade/behaviour/decode.gen';
import { armingGaps } from '@palisade/app-agent/runtime/gaps';
import type { Armed } from '@palisade/app-agent/sensor/warden';
import type { Seen } from './sensor/seen.ts';
import { buildWarden, program, seenOf } from './sensor/seen.ts';

beforeAll(buildWarden);

test('what the kernel refuses is missing alone, named with its reason, and a gap', async () => {
  // Without CAP_NET_ADMIN the kernel takes no program at a cgroup's sockets; the rest must go on.
  const script = 'mount -t tracefs tracefs /sys/kernel/tracing && exec setpriv --bounding-set=-net_admin,-sys_admin "$@"';
  const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', program, 'run', 'openat:f', 'dns'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const seen: Seen[] = [];
  let text = '';
  const stream = createRecordStream((record) => {
    if (record.header.kind === kinds.status) text = textOf(record, tags.text) ?? '';
    else seen.push(seenOf(record));
  });
  child.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
  await expect.poll(() => text, { timeout: 30_000 }).not.toBe('');
  const armed = JSON.parse(text) as Armed;
  const refused = armed.programs.filter((one) => one.state === 'refused');
  expect(new Set(refused.map((one) => one.family))).toEqual(new Set(['isolation', 'dns']));
  expect(refused.every((one) => one.errno === 1 && (one.reason ?? '') !== '' && (one.use ?? '') !== '')).toBe(true);
  expect(armed).toMatchObject({ calls: 1, isolation: false, dns: false });
  expect(armingGaps(armed, { calls: [], prefixes: [], silent: [] }).filter((gap) => gap.kind === 'sensor-program-refused').length).toBe(refused.length);
  spawnSync('cat', ['/nowhere-of-this-test']);
  await expect.poll(() => seen.some((record) => record.text[1] === '/nowhere-of-this-test'), { timeout: 5_000 }).toBe(true);
  expect(seen.some((record) => record.kind === kinds.exec)).toBe(true);
  child.stdin.end();
  await once(child, 'close');
});

test('probe prints what the kernel allows, program by program', () => {
  const table = JSON.parse(execFileSync(program, ['probe'], { encoding: 'utf8' })) as { loads: boolean; cgroup: string; hooks: { name: string; allowed: boolean }[]; programs: Armed['programs'] };
  expect(table.loads).toBe(true);
  expect(['v1', 'hybrid', 'v2']).toContain(table.cgroup);
  expect(table.hooks.find((hook) => hook.name === 'tp_btf')?.allowed).toBe(true);
  expect(table.programs.length).toBeGreaterThan(15);
});

test('whatever comes as a request, whole ones are answered in order and the sensor lives', async () => {
  const child = spawn(program, ['run', 'exec-deny'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const answers: number[] = [];
  let armed = false;
  const stream = createRecordStream((record) => {
    if (record.header.kind !== kinds.status) return;
    if (record.header.arg0 === 0) armed = true;
    else answers.push(record.header.arg0);
  });
  child.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
  await expect.poll(() => armed, { timeout: 30_000 }).toBe(true);
  let state = 0x5eed;
  const random = (below: number): number => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
  const count = 3_000;
  const bytes = Buffer.alloc(count * requestSize);
  for (let index = 0; index < bytes.length; index += 1) bytes[index] = random(256);
  for (let index = 0; index < count; index += 1) {
    const at = index * requestSize;
    const op = random(24);
    // No signal to anyone, and no text that could name something here: what is valid by chance must hurt nobody.
    bytes.writeUInt32LE(op === requestOps.signal ? 0 : op, at + requestAt.op);
    bytes.writeUInt32LE(0x7fffffff, at + requestAt.pid);
    bytes.writeBigUInt64LE(1n, at + requestAt.start);
    bytes.writeBigUInt64LE(BigInt(index + 1), at + requestAt.id);
    bytes[at + requestAt.text] = 0xff;
    if (random(3) === 0) bytes.fill(0x3a, at + requestAt.text + 1, at + requestSize);
  }
  for (let at = 0; at < bytes.length;) {
    const next = Math.min(bytes.length, at + 1 + random(2_000));
    if (!child.stdin.write(bytes.subarray(at, next))) await once(child.stdin, 'drain');
    at = next;
  }
  await expect.poll(() => answers.length, { timeout: 30_000 }).toBe(count);
  expect(answers.every((id, index) => id === index + 1)).toBe(true);
  child.stdin.end();
  expect(await once(child, 'close')).toEqual([0, null]);
});

test('without any capability it says what it needs', () => {
  const run = spawnSync('unshare', ['-m', 'sh', '-c', 'mount -t tracefs tracefs /sys/kernel/tracing && exec setpriv --bounding-set=-all "$0" run openat', program], { encoding: 'utf8', input: '' });
  expect(run.status).toBe(1);
  expect(run.stderr).toContain('CAP_BPF');
});
