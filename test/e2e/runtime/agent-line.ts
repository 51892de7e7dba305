import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Io } from '../../../apps/cli/src/command.ts';
import { packRules } from '../../../apps/cli/src/commands/rules/pack-rules.ts';
import { startTestEngine } from '../../../scripts/test-engine.ts';
import type { TestEngine } from '../../../scripts/test-engine.ts';
import { consoleHere, consoleHome, person } from '../console-client.ts';
import type { Answer, Person } from '../console-client.ts';
import { buildWarden } from '../sensor/seen.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const patience = Number(process.env['PALISADE_PATIENCE'] ?? 120_000);

/** Engine, console and an agent with its sensor: everything real, of this test alone. */
export type Line = {
  readonly engine: TestEngine;
  readonly running: Awaited<ReturnType<typeof consoleHere>>;
  readonly admin: Person;
  /** Rows of a list of the API. */
  list(path: string): Promise<Answer[]>;
  /** Asks until it is defined; the agent's own words when it never is. */
  until<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value>;
  /** Ends the agent, with SIGKILL its sensor too, and starts it anew with the identity it has. */
  restartAgent(signal: NodeJS.Signals, meanwhile?: () => Promise<void>): Promise<void>;
  said(): string;
  stop(): Promise<void>;
};

/** The running wardens that a process or its children started. */
function sensorsBelow(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [...(readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('warden\0run') ? [child] : []), ...sensorsBelow(child)]);
}

/** Starts the three and waits until the console says that the node is watched. */
export async function startLine(): Promise<Line> {
  buildWarden();
  const home = consoleHome();
  const agentHome = mkdtempSync(path.join(tmpdir(), 'palisade-line-'));
  const [engine, running] = await Promise.all([startTestEngine(), consoleHere({ PALISADE_HOME: home.home }, undefined, undefined, packRules({ cwd: root } as Io).runtimeRules)]);
  let agent: ChildProcess | undefined;
  let said = '';
  const admin = await person(running.url, { setup: running.firstRun ?? '', name: 'root', password: 'a long enough password' });
  const list = async (where: string): Promise<Answer[]> => {
    const { status, body } = await admin.call('GET', where);
    if (status !== 200) throw new Error(`${where}: ${status} ${JSON.stringify(body)}; the console said:\n${running.log.slice(-5).join('')}`);
    return body['items'] as unknown as Answer[];
  };
  async function until<Value>(what: string, ask: () => Promise<Value | undefined>): Promise<Value> {
    for (const end = Date.now() + patience; Date.now() < end; await sleep(25)) {
      const found = await ask();
      if (found !== undefined) return found;
    }
    throw new Error(`${what}: not within ${patience / 1000} s; the agent said:\n${said.slice(-3000)}`);
  }
  function startAgent(join?: string): void {
    agent = spawn(path.join(root, 'palisade'), ['agent', '--no-host-scan', '--name', 'node-a', ...(join === undefined ? [] : ['--join', join])], {
      env: { ...process.env, PALISADE_DEV: '1', PALISADE_HOME: agentHome, DOCKER_HOST: `unix://${engine.socket}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => void (said += text));
  }
  async function endAgent(signal: NodeJS.Signals): Promise<void> {
    const child = agent;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => void child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
  const armed = (): Promise<unknown> => until('the sensor armed', async () => (said.slice(said.lastIndexOf(' reports to ')).includes('sensor: armed') && (await list('/nodes')).some((node) => node['sensor']?.['state'] === ('armed' as unknown)) ? true : undefined));
  const stop = async (): Promise<void> => {
    await endAgent('SIGTERM');
    await running.stop();
    await engine.stop();
    home.remove();
    rmSync(agentHome, { recursive: true, force: true });
  };
  try {
    startAgent((await admin.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'] as unknown as string);
    await armed();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    engine, running, admin, list, until, stop, said: () => said,
    async restartAgent(signal, meanwhile) {
      const sensors = signal === 'SIGKILL' ? sensorsBelow(agent?.pid ?? 0) : [];
      await endAgent(signal);
      for (const pid of sensors) process.kill(pid, 'SIGKILL');
      await meanwhile?.();
      const before = said.length;
      startAgent();
      await until('the sensor armed again', () => Promise.resolve(said.slice(before).includes('sensor: armed') ? true : undefined));
    },
  };
}
