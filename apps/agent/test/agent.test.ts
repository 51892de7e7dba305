import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Item } from '@palisade/model/wire';
import { createDone, obey } from '../src/commands.ts';
import { hostProcFolder } from '../src/host-proc.ts';
import { listeningPorts, programsOf, readAddress } from '../src/inventory/listening.ts';
import { findOtherEngines } from '../src/inventory/sockets.ts';
import { createReporter } from '../src/report.ts';
import type { ScanJob } from '../src/scan/scan-queue.ts';
import { createScanQueue } from '../src/scan/scan-queue.ts';
import { openSpool } from '../src/spool/spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-agent-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const signal = new AbortController().signal;
const result = {} as ScanResult;
const image = (n: number): ScanJob => ({ target: `docker:sha256:${String(n).repeat(64)}`, source: 'image' });

function queue(scan: (job: ScanJob) => Promise<ScanResult>, version = '1', now: () => number = Date.now): { scans: ReturnType<typeof createScanQueue>; failed: string[] } {
  const failed: string[] = [];
  return { failed, scans: createScanQueue({ folder, version, scan, done: () => {}, failed: (job, why) => void failed.push(`${job.target.slice(0, 16)} ${why}`), signal, now }) };
}

it('scans one at a time, each once, also after a restart; a new version scans again', async () => {
  let running = 0;
  let most = 0;
  const seen: string[] = [];
  const scan = async (job: ScanJob): Promise<ScanResult> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    seen.push(job.target.slice(-1));
    return result;
  };
  const first = queue(scan).scans;
  for (const n of [1, 2, 1, 3]) first.add(image(n));
  await first.idle();
  first.add(image(1));
  first.add(image(2), true);
  await first.idle();
  expect([most, seen.join('')]).toEqual([1, '1232']);
  const again = queue(scan).scans;
  again.add(image(3));
  await again.idle();
  const newer = queue(scan, '2').scans;
  newer.add(image(3));
  await newer.idle();
  expect(seen.join('')).toBe('12323');
});

it('says why a scan failed, goes on with the next, and tries the failed one again an hour later', async () => {
  let clock = 0;
  const { scans, failed } = queue((job) => (job.target.endsWith('1') ? Promise.reject(new Error('damaged')) : Promise.resolve(result)), '1', () => clock);
  for (const n of [1, 2]) scans.add(image(n));
  await scans.idle();
  scans.add(image(1));
  await scans.idle();
  expect(failed).toEqual(['docker:sha256:11 damaged']);
  clock = 3_600_000;
  scans.add(image(1));
  await scans.idle();
  expect(failed).toEqual(['docker:sha256:11 damaged', 'docker:sha256:11 damaged']);
});

it('reports a scan that a limit ended with its reason, and tries it again an hour later', async () => {
  let clock = 0;
  let runs = 0;
  const told: string[] = [];
  const ended = { status: 'failed', gaps: [{ kind: 'limit-scan-time', subject: 'x', reason: 'not done after 1500 seconds', count: 1 }] } as unknown as ScanResult;
  const scans = createScanQueue({ folder, version: '1', signal, now: () => clock, scan: () => ((runs += 1), Promise.resolve(ended)), done: (_, scan) => void told.push(scan.status), failed: (_, why) => void told.push(why) });
  scans.add(image(1));
  await scans.idle();
  scans.add(image(1));
  await scans.idle();
  expect([runs, told]).toEqual([1, ['failed', 'not done after 1500 seconds']]);
  clock = 3_600_000;
  scans.add(image(1));
  await scans.idle();
  expect(runs).toBe(2);
});

it('scans again what it was told to forget', async () => {
  let count = 0;
  const { scans } = queue(() => {
    count += 1;
    return Promise.resolve(result);
  });
  for (const again of [false, false, true]) {
    if (again) scans.forget();
    scans.add(image(1));
    await scans.idle();
  }
  expect(count).toBe(2);
});

it('acts only on full container ids and known commands, and says why not', async () => {
  const acts: string[] = [];
  const engine = { act: async (id: string, action: string) => void acts.push(`${action} ${id.length}`) } as unknown as ContainerEngine;
  const world = { engine: () => engine, scans: queue(() => Promise.resolve(result)).scans, killProcess: () => Promise.resolve(), resync: () => void acts.push('resync') };
  const ask = (kind: string, body: unknown, expires?: string) => obey({ id: 'c', kind, at: '', body, ...(expires === undefined ? {} : { expires }) }, world, new Date('2026-01-02T00:00:00Z'));
  expect(await ask('kill', { container: 'a'.repeat(64) })).toEqual({ ok: true });
  expect((await ask('kill', { container: '../x' })).message).toContain('full container id');
  expect((await ask('exec', {})).message).toContain('does not know');
  expect((await ask('stop', { container: 'a'.repeat(64) }, '2026-01-01T00:00:00Z')).message).toContain('expired');
  expect((await obey({ id: 'c', kind: 'pause', at: '', body: { container: 'b'.repeat(64) } }, { ...world, engine: () => undefined }, new Date())).ok).toBe(false);
  expect(await ask('resync', {})).toEqual({ ok: true });
  expect(acts).toEqual(['kill 64', 'resync']);
});

it('remembers commands done across restarts', () => {
  createDone(folder).add('cmd_1');
  expect([createDone(folder).has('cmd_1'), createDone(folder).has('cmd_2')]).toEqual([true, false]);
});

it('sends the same state once, and again when it changed', () => {
  const spool = openSpool(folder);
  let clock = 0;
  const report = createReporter(spool, 'nod_1', () => new Date((clock += 1000)));
  for (const state of ['running', 'running', 'paused']) report.put('container', 'c1', { state });
  report.put('container-removed', 'c1', { id: 'c1' });
  report.put('container', 'c1', { state: 'paused' });
  const items = spool.next()?.lines.map((line) => JSON.parse(line) as Item) ?? [];
  expect(items.map((one) => one.kind)).toEqual(['container', 'container', 'container-removed', 'container']);
  expect(new Set(items.map((one) => one.id)).size).toBe(4);
});

it('reads addresses as the kernel prints them', () => {
  expect(readAddress('0100007F')).toBe('127.0.0.1');
  expect(readAddress('00000000000000000000000001000000')).toBe('::1');
  expect(readAddress('0000000000000000FFFF00000100007F')).toBe('::ffff:7f00:1');
});

it('names the programs of some processes, each once with its number', () => {
  const proc = path.join(folder, 'proc');
  for (const [pid, name] of [['1', 'nginx'], ['7', 'sh'], ['8', 'nginx']] as const) {
    mkdirSync(path.join(proc, pid), { recursive: true });
    writeFileSync(path.join(proc, pid, 'comm'), `${name}\n`);
  }
  // Process 9 ended meanwhile.
  expect(programsOf([1, 7, 8, 9], proc)).toEqual([{ name: 'nginx', count: 2 }, { name: 'sh', count: 1 }]);
});

it('takes the host\'s /proc where it is mounted, as in the node container, else its own', () => {
  expect(hostProcFolder(path.join(folder, 'hostproc'))).toBe('/proc');
  mkdirSync(path.join(folder, 'hostproc/1'), { recursive: true });
  expect(hostProcFolder(path.join(folder, 'hostproc'))).toBe(path.join(folder, 'hostproc'));
});

it('finds what listens here, with its process', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  try {
    const found = listeningPorts(process.pid, [process.pid]).find((one) => one.port === port);
    expect(found).toMatchObject({ protocol: 'tcp', address: '127.0.0.1' });
    expect(found?.process).toBeTruthy();
  } finally {
    server.close();
  }
});

it('names sockets of engines it cannot read, but not a plain file of that name', async () => {
  const server = net.createServer();
  const user = path.join(folder, '1000');
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(path.join(user, 'podman'), { recursive: true });
  writeFileSync(path.join(user, 'podman/podman.sock'), '');
  await new Promise<void>((resolve) => void server.listen(path.join(user, 'docker.sock'), resolve));
  expect(findOtherEngines(folder, [user], false)).toEqual([{ kind: 'rootless docker', socket: path.join(user, 'docker.sock') }]);
  server.close();
});
