import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRecordStream, stringsOf, syscallName, textOf } from '@palisade/behaviour/decode';
import { flags, kinds, tags } from '@palisade/behaviour/decode.gen';
import { mountPins, unpin } from './sensor/seen.ts';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'sensor/build/warden');
const place = mkdtempSync(path.join(tmpdir(), 'palisade-sensor-engine-'));
const environment = { ...process.env, DOCKER_HOST: `unix://${place}/engine.sock`, DOCKER_API_VERSION: '1.41' };
const pins = '/sys/fs/bpf/palisade-container-test';
let engine: ChildProcess | undefined;

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** An image of the given files alone, as `docker import` makes it. */
function image(name: string, files: Readonly<Record<string, string>>, links: Readonly<Record<string, string>> = {}): void {
  const tree = path.join(place, name);
  for (const [to, from] of Object.entries(files)) {
    mkdirSync(path.join(tree, path.dirname(to)), { recursive: true });
    copyFileSync(from, path.join(tree, to));
  }
  for (const [to, target] of Object.entries(links)) symlinkSync(target, path.join(tree, to));
  execFileSync('sh', ['-c', `tar -C ${tree} -c . | docker import - ${name}:test`], { env: environment, stdio: 'pipe' });
}

beforeAll(async () => {
  if (!existsSync(program)) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')]);
  engine = spawn('dockerd', ['--data-root', `${place}/data`, '--exec-root', `${place}/exec`, '-H', `unix://${place}/engine.sock`, '--pidfile', `${place}/pid`, '--iptables=false', '--bridge=none'], { stdio: 'ignore' });
  await until(() => {
    try {
      return docker('info').length > 0;
    } catch {
      return false;
    }
  });
  const libraries = [...execFileSync('ldd', [program], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? '');
  image('sensor', Object.fromEntries([['warden', program], ...libraries.map((library) => [library.slice(1), library] as const)]));
  image('box', { 'bin/busybox': '/bin/busybox' }, { 'bin/sh': 'busybox', 'bin/cp': 'busybox', 'bin/touch': 'busybox' });
  mountPins();
  mkdirSync(path.join(place, 'tracing'));
  execFileSync('mount', ['-t', 'tracefs', 'tracefs', path.join(place, 'tracing')]);
});

afterAll(async () => {
  unpin(pins);
  execFileSync('umount', [path.join(place, 'tracing')]);
  engine?.kill('SIGTERM');
  await until(() => engine?.exitCode !== null || engine.signalCode !== null);
  rmSync(place, { recursive: true, force: true });
});

test('an unprivileged container with four capabilities sees what other containers do', async () => {
  const unified = existsSync('/sys/fs/cgroup/unified/cgroup.procs') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
  const sensor = spawn(
    'docker',
    ['run', '--rm', '-i', '--name', 'sensor', '--network', 'none', '--read-only', '--cap-drop', 'ALL', ...['SYS_ADMIN', 'SYS_PTRACE', 'DAC_READ_SEARCH', 'KILL'].flatMap((name) => ['--cap-add', name]), '--security-opt', 'no-new-privileges',
      '-v', '/proc:/hostproc:ro', '-v', `${place}/tracing:/sys/kernel/tracing:ro`, '-v', `${unified}:/sys/fs/cgroup/unified:ro`, '-v', '/sys/fs/bpf:/sys/fs/bpf', 'sensor:test', '/warden', 'run', '--try-pin', pins, 'openat'],
    { env: environment, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const seen: { kind: number; call: string | undefined; argv: string[] | undefined; exe: string | undefined; flags: number; id: string; name: string | undefined }[] = [];
  let armed = '';
  const stream = createRecordStream((record) => {
    if (record.header.kind === kinds.status) armed = textOf(record, tags.text) ?? '';
    seen.push({ kind: record.header.kind, call: syscallName(record.header.kind), argv: stringsOf(record, tags.argv), exe: textOf(record, tags.exe), flags: record.header.flags, id: record.header.container, name: textOf(record, tags.returnFile) });
  });
  sensor.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
  await until(() => armed !== '' || sensor.exitCode !== null);
  expect(JSON.parse(armed)).toMatchObject({ armed: true, calls: 1, missing: [], pinned: true, unpinned: '' });

  docker('run', '--rm', '--network', 'none', '--cidfile', `${place}/cid`, 'box:test', '/bin/sh', '-c', 'cp /bin/busybox /busybox; /busybox touch /touched');
  const id = readFileSync(`${place}/cid`, 'utf8').slice(0, 12);
  await until(() => seen.some((record) => record.id === id && record.name === '/touched'));
  const image = seen.find((record) => record.kind === kinds.exec && record.id === id && record.exe === '/bin/busybox');
  expect(image?.flags).toBe(flags.entered); // of the image's layers, in mounts of the container's own
  const dropped = seen.find((record) => record.kind === kinds.exec && record.id === id && record.exe === '/busybox');
  expect(dropped?.argv).toEqual(['/busybox', 'touch', '/touched']);
  expect((dropped?.flags ?? 0) & (flags.upper | flags.noLower)).toBe(flags.upper | flags.noLower);
  sensor.stdin.end();
  await until(() => sensor.exitCode !== null);
  expect(sensor.exitCode).toBe(0);
  expect(existsSync(`${pins}/guard`)).toBe(true); // on the host, with the container gone
});
