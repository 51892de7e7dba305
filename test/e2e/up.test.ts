import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestEngine } from '../../scripts/test-engine.ts';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { consoleHome } from './console-client.ts';
import { bringBuildForward } from './console-process.ts';

const root = path.resolve(import.meta.dirname, '../..');
const home = consoleHome();
let engine: TestEngine;
let up: ChildProcess | undefined;

beforeAll(async () => {
  bringBuildForward();
  if (!existsSync(path.join(root, 'sensor/build/warden'))) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')], { stdio: 'pipe' });
  engine = await startTestEngine();
  load('shop');
});

afterAll(async () => {
  if (up?.exitCode === null) up.kill('SIGTERM');
  if (up !== undefined) await over(up);
  await engine?.stop();
  home.remove();
});

it('one command runs console and agent, scans the engine\'s images, starts again on the same state, and leaves nothing behind', async () => {
  const first = start();
  await first.says(/first run: .*\/setup\?token=/);
  await first.says(/building the node image/);
  await first.says(/the agent runs as an unprivileged container: palisade-node:up-/);
  await first.says(/agent: enrolling/);
  // The image of the node container is one of the engine's.
  await first.says(/scans: 2 of 2 done/);
  expect(docker('ps', '-q', '--filter', 'name=palisade-node').split('\n').map((id) => docker('inspect', '-f', '{{.HostConfig.Privileged}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.NetworkMode}} {{.HostConfig.PidMode}} {{.HostConfig.CapDrop}}', id))).toEqual(['false true none  [ALL]']);
  // What outlives a killed container is pinned on the host.
  const pins = docker('inspect', '-f', '{{range .Mounts}}{{if eq .Destination "/sys/fs/bpf"}}{{.Source}}{{end}}{{end}}', docker('ps', '-q', '--filter', 'name=palisade-node'));
  await until(() => readdirSync(pins).some((name) => name.startsWith('palisade-')));
  up?.kill('SIGINT');
  expect(await over(up)).toBe(0);
  expect(processesWith(home.home)).toEqual([]);
  expect(docker('ps', '-aq')).toBe('');

  const second = start();
  await second.says(/agent: enrolled/);
  await second.says(/scans: 2 of 2 done/);
  expect(second.said()).not.toContain('building the node image');
  // Killed without a chance to tidy up: the agent notices by itself; Postgres is taken over by the next start.
  up?.kill('SIGKILL');
  await over(up);
  await until(() => processesWith(home.home).every((line) => line.includes('postgres')) && docker('ps', '-aq') === '');

  const third = start();
  await third.says(/agent: enrolled/);
  up?.kill('SIGTERM');
  expect(await over(up)).toBe(0);
  expect(processesWith(home.home)).toEqual([]);
});

function start(): { says(pattern: RegExp): Promise<void>; said(): string } {
  let said = '';
  const child = spawn(path.join(root, 'palisade'), ['up', '--no-host-scan'], {
    env: { ...process.env, PALISADE_DEV: '1', LANG: 'C', PALISADE_HOME: home.home, PALISADE_LISTEN: '127.0.0.1:0', PALISADE_AGENT_LISTEN: '127.0.0.1:17444', DOCKER_HOST: `unix://${engine.socket}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  up = child;
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said += text));
  const log = (): string => {
    try {
      return readFileSync(path.join(home.home, 'agent/agent.log'), 'utf8').slice(-3000);
    } catch {
      return '';
    }
  };
  return {
    said: () => said,
    says: (pattern) =>
      until(() => {
        if (child.exitCode !== null) throw new Error(`it ended: ${said}`);
        return pattern.test(said);
      }).catch((error: unknown) => {
        throw new Error(`${String(pattern)} was not said: ${String(error)}\n${said}\n${log()}`);
      }),
  };
}

async function until(ready: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1800; tries += 1) {
    if (ready()) return;
    await sleep(100);
  }
  throw new Error('not within three minutes');
}

async function over(child: ChildProcess | undefined): Promise<number | null> {
  if (child === undefined) return null;
  if (child.exitCode === null && child.signalCode === null) await new Promise((resolve) => void child.once('exit', resolve));
  return child.exitCode;
}

/** Command lines of living processes that name the folder, or have it in their environment. */
function processesWith(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return line.includes(folder) || readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`PALISADE_HOME=${folder}`) ? line : '';
      } catch {
        return '';
      }
    })
    .filter((line) => line !== '');
}

function docker(...args: readonly string[]): string {
  return execFileSync('docker', ['-H', `unix://${engine.socket}`, ...args], { encoding: 'utf8', env: { ...process.env, DOCKER_API_VERSION: '1.41' } }).trim();
}

function load(name: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-up-image-'));
  try {
    mkdirSync(path.join(folder, 'etc'));
    writeFileSync(path.join(folder, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
    const archive = execFileSync('tar', ['-C', folder, '-c', '.']);
    execFileSync('docker', ['-H', `unix://${engine.socket}`, 'import', '-', `${name}:1`], { input: archive, stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
