import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CacheStore } from '@palisade/image/cache/cache';
import { ScanResult } from '@palisade/model/scan-result';
import type { Io } from '../src/command.ts';
import { command } from '../src/commands/scan.ts';
import { serveStore } from '../src/scan/worker/cache-link.ts';
import { attempts } from '../src/scan/worker/confine.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'palisade-worker-test-'));
  mkdirSync(path.join(root, 'tree/app'), { recursive: true });
  // Readable by its owner only: the worker must be able to read it, and no more.
  writeFileSync(path.join(root, 'tree/app/package.json'), '{"name":"own","version":"1.0.0"}', { mode: 0o600 });
  writeFileSync(path.join(root, 'tree/app/package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: Object.fromEntries(Array.from({ length: 8000 }, (_, index) => [`node_modules/package-number-${index}`, { version: '1.0.0' }])) }));
  writeFileSync(path.join(root, 'bom.json'), JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components: [{ type: 'library', name: 'lodash', version: '4.17.20', purl: 'pkg:npm/lodash@4.17.20' }] }), { mode: 0o600 });
  writeFileSync(path.join(root, 'broken.tar'), 'no archive at all, but long enough to be one'.repeat(40));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The worker that a process has started, once it runs Node and no more the programs that confine it. */
function workerOf(parent: number): number | undefined {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).find((pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
      return Number(fields[1]) === parent && command[0] === process.execPath && command.includes('__scan-worker');
    } catch {
      return false; // it ended in between
    }
  });
}

async function scan(...args: string[]): Promise<{ code: number; result: ScanResult; said: string }> {
  let out = '';
  let said = '';
  const main = path.resolve(import.meta.dirname, '../src/main.ts');
  const io: Io = { env: { PALISADE_HOME: path.join(root, 'home') }, locale: 'en', cwd: root, stdin: process.stdin, out: (text) => (out += text), err: (text) => (said += text), progress: false, color: false, signal: new AbortController().signal, self: [process.execPath, main] };
  const code = await command.run([...args, '--format', 'json'], io);
  return { code, result: ScanResult.parse(JSON.parse(out)), said };
}

describe('the process that reads a target', { timeout: 90_000 }, () => {
  it('has no more than it needs, as it measures itself', async () => {
    const { result } = await scan('sbom:bom.json');
    expect(result).toMatchObject({ status: 'complete', packages: [{ name: 'lodash' }] });
    const tree = await scan('dir:tree');
    expect(tree.result.lookedAt?.files).toBe(2);
    // An answer far larger than any pipe holds.
    expect(tree.result.packages).toHaveLength(8001);
    expect(tree.result.gaps.filter((gap) => gap.kind === 'file-unreadable')).toEqual([]);
    if (process.getuid?.() === 0) {
      expect(result.isolation?.capabilities).toBe('none');
      // Where an ordinary user cannot reach the program (a clone below /root), it stays root without capabilities.
      expect(tree.result.isolation?.capabilities).toBe(tree.result.isolation?.user === 'nobody' ? 'read-files' : 'none');
    } else expect(result.isolation).toMatchObject({ user: 'own', capabilities: 'none' });
  });

  it('finds its compiled code where its parent has it, also when that was named by a relative path', async () => {
    const compiled = mkdtempSync(path.join(tmpdir(), 'palisade-compiled-'));
    chmodSync(compiled, 0o777);
    vi.stubEnv('NODE_COMPILE_CACHE', path.relative(process.cwd(), compiled));
    try {
      await scan('dir:tree');
      await scan('sbom:bom.json');
      // What reads by path and what reads archives use other parts of the same files.
      expect(readdirSync(compiled)).toHaveLength(2);
      expect(readdirSync(path.join(compiled, 'by-path'))).toHaveLength(1);
    } finally {
      vi.unstubAllEnvs();
      rmSync(compiled, { recursive: true, force: true });
    }
  });

  it('is ended by its limits, which is a failed scan with the reason', async () => {
    const hungry = await scan('dir:tree', '--memory', '64');
    expect(hungry).toMatchObject({ code: 2, result: { status: 'failed', packages: [] } });
    expect(hungry.result.gaps.map((gap) => [gap.kind, gap.reason])).toEqual([['limit-scan-memory', 'more than 64 MiB of memory'], ['feed-missing', 'no vulnerability feed is installed']]);
    const slow = await scan('dir:tree', '--timeout', '1ms', '--fail-on', 'low');
    expect(slow).toMatchObject({ code: 2, said: expect.stringContaining('not done after') as string, result: { status: 'failed' } });
    expect(slow.result.gaps[0]?.kind).toBe('limit-scan-time');
  });

  it('does not outlive a parent that was killed, even stopped', async () => {
    const parent = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.resolve(import.meta.dirname, '../src/main.ts'), 'scan', 'dir:tree', '--no-cache'], { cwd: root, env: { PATH: process.env['PATH'], PALISADE_HOME: path.join(root, 'home') }, stdio: 'ignore' });
    let worker: number | undefined;
    // What has no parent but init is looked for by nobody: it would run to its end.
    while ((worker = workerOf(parent.pid!)) === undefined) {
      expect(parent.exitCode).toBeNull();
      await sleep(1);
    }
    process.kill(worker, 'SIGSTOP');
    try {
      parent.kill('SIGKILL');
      await expect.poll(() => existsSync(`/proc/${worker}/exe`), { timeout: 10_000 }).toBe(false);
    } finally {
      if (existsSync(`/proc/${worker}/exe`)) process.kill(worker, 'SIGKILL');
    }
  });

  it('tells its parent what cannot be read at all', async () => {
    await expect(scan('archive:broken.tar')).rejects.toThrow(/broken\.tar|tar header/);
    await expect(scan('sbom:broken.tar')).rejects.toThrow(`${path.join(root, 'broken.tar')}: neither JSON`);
  });
});

it('is started with less on machines that refuse more', () => {
  const all = attempts({ reads: true, memory: 2 ** 30, cpu: 60, program: ['/usr/bin/env', 'x'] }, 0);
  expect(all.map((one) => one.network)).toEqual([true, false, true, false]);
  expect(all.map((one) => one.args.join(' ').includes('--pdeathsig KILL'))).toEqual([true, true, false, false]);
  expect(all[0]?.args.join(' ')).toContain('--bounding-set=-all,+dac_read_search');
  const archive = attempts({ reads: false, memory: 2 ** 30, cpu: 60, program: ['/usr/bin/env'] }, 0)[0]?.args.join(' ');
  expect(archive).toContain('--reuid=65534');
  expect(archive).not.toContain('dac_read_search');
  const user = attempts({ reads: true, memory: 2 ** 30, cpu: 60, program: ['/usr/bin/env'] }, 1000)[0]?.args.join(' ');
  expect(user).toContain('--user --map-current-user --net');
  expect(user).not.toContain('--reuid');
});

it('gets no answers from the cache once it breaks the form', () => {
  const entries = new Map<string, Buffer>();
  const store: CacheStore = { read: (key) => entries.get(key), write: (key, bytes) => void entries.set(key, bytes), remove: (key) => void entries.delete(key) };
  const asked = new PassThrough();
  const answered = new PassThrough();
  const socket = Duplex.from({ readable: asked, writable: answered });
  serveStore(socket, store);
  const key = 'a'.repeat(64);
  asked.write(`write ${key} 3\nab`);
  asked.write(`cread ${key}\nread ../../etc/passwd\n`);
  return new Promise<void>((resolve) => {
    socket.on('close', () => {
      expect(entries.get(key)?.toString()).toBe('abc');
      resolve();
    });
  });
});
