import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestEngine } from '../../scripts/test-engine.ts';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { consoleHere, consoleHome, person } from './console-client.ts';
import type { Answer, Person } from './console-client.ts';

const root = path.resolve(import.meta.dirname, '../..');
let engine: TestEngine;
let running: Awaited<ReturnType<typeof consoleHere>>;
let admin: Person;
const home = consoleHome();
const agentHome = mkdtempSync(path.join(tmpdir(), 'palisade-agent-'));
const patience = 4 * 60_000;
let agent: ChildProcess | undefined;
let said = '';

beforeAll(async () => {
  [engine, running] = await Promise.all([startTestEngine(), consoleHere({ PALISADE_HOME: home.home })]);
  admin = await person(running.url, { setup: running.firstRun ?? '', name: 'root', password: 'a long enough password' });
});

afterAll(async () => {
  await endAgent('SIGTERM');
  await running?.stop();
  await engine?.stop();
  home.remove();
  rmSync(agentHome, { recursive: true, force: true });
});

function startAgent(join?: string): void {
  agent = spawn(path.join(root, 'palisade'), ['agent', '--no-host-scan', '--name', 'node-a', ...(join === undefined ? [] : ['--join', join])], {
    env: { ...process.env, PALISADE_DEV: '1', PALISADE_HOME: agentHome, DOCKER_HOST: `unix://${engine.socket}` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  agent.stderr?.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
  });
}

async function endAgent(signal: NodeJS.Signals): Promise<void> {
  const child = agent;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => void child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

/** Asks until the answer satisfies; the agent's own words when it never does. Patient: scans give way to whatever else the machine does. */
async function until(what: string, ask: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + patience;
  while (Date.now() < end) {
    if (await ask()) return;
    await sleep(200);
  }
  throw new Error(`${what}: not within ${patience / 60_000} minutes; the agent said:\n${said.slice(-3000)}`);
}

/** Those already scanned. */
async function images(): Promise<Answer[]> {
  const all = ((await admin.call('GET', '/images')).body['items'] ?? []) as unknown as Answer[];
  return all.filter((image) => ['complete', 'partial'].includes(image['status'] as unknown as string));
}

it('enrols, scans what the engine holds, follows new images, and survives its own death', async () => {
  load('first');
  const made = await admin.call('POST', '/join-tokens', { cluster: 'lab' });
  expect(made.status).toBe(200);
  startAgent(made.body['token'] as unknown as string);
  await until('the first image', async () => (await images()).length === 1);

  load('second');
  await until('an image loaded later', async () => (await images()).length === 2);

  // Killed in mid-work, started again without a token: the same node goes on.
  await endAgent('SIGKILL');
  load('third');
  startAgent();
  await until('an image loaded while the agent was dead', async () => (await images()).length === 3);
  const agents = (await admin.call('GET', '/agents')).body['items'] as unknown as Answer[];
  expect(agents.map((one) => one['name'])).toEqual(['node-a']);
  expect(said).not.toContain('set item');
}, 4 * patience);

/** An image of one layer with one Debian package, put into the engine without a registry. */
function load(name: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-agent-image-'));
  try {
    mkdirSync(path.join(folder, 'root/var/lib/dpkg'), { recursive: true });
    mkdirSync(path.join(folder, 'root/etc'));
    writeFileSync(path.join(folder, 'root/etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
    writeFileSync(path.join(folder, 'root/var/lib/dpkg/status'), `Package: ${name}-tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\nMaintainer: nobody\nDescription: test\n\n`);
    const archive = execFileSync('tar', ['-C', path.join(folder, 'root'), '-c', '.']);
    execFileSync('docker', ['-H', `unix://${engine.socket}`, 'import', '-', `${name}:1`], { input: archive, stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
