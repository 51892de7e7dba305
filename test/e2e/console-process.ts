import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = path.resolve(import.meta.dirname, '../..');

/** A program of ours as a process of its own, with what it said. */
export type Program = {
  readonly child: ChildProcess;
  said(): string;
  /** Waits until it has said so; throws with its words when it ends first or takes over three minutes. Answers the match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

/** Starts a TypeScript file from source under the pinned Node. */
export function program(file: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, file), ...args], { env: { ...process.env, LANG: 'C', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said += text));
  return {
    child,
    said: () => said,
    async says(pattern) {
      for (let tries = 0; tries < 3600; tries += 1) {
        const match = pattern.exec(said);
        if (match !== null) return match;
        if (child.exitCode !== null || child.signalCode !== null) break;
        await sleep(50);
      }
      throw new Error(`${file} ${args.join(' ')} did not say ${String(pattern)}:\n${said.slice(-3000)}`);
    },
    async end(signal) {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => void child.once('exit', resolve));
        child.kill(signal);
        await gone;
      }
      return child.exitCode;
    },
  };
}

/** `palisade console` as a process. */
export function consoleProcess(env: Readonly<Record<string, string>>): Program {
  return program('apps/cli/src/main.ts', ['console'], { PALISADE_LOG: 'warn', ...env });
}

/** The same from the release build, which starts with a third of the work; what V8 compiled is kept in `cache`. */
export function builtConsole(env: Readonly<Record<string, string>>, cache: string): Program {
  return program('dist/cli/main.js', ['console'], { PALISADE_LOG: 'warn', NODE_COMPILE_CACHE: cache, ...env });
}

/** Brings the release build in line with the sources: the launcher does so at each start. */
export function bringBuildForward(): void {
  execFileSync(path.join(root, 'palisade'), ['--version'], { stdio: 'pipe', env: { ...process.env, PALISADE_DEV: '' } });
}

/** Ports nobody listens on now; whoever takes one in between makes the test fail, not lie. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(servers.map((server) => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()))));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  return ports;
}

/** The embedded Postgres's first process, by its own pid file. */
export function postgresPid(home: string): number {
  return Number(readFileSync(path.join(home, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
}

/** Asks until it answers something other than undefined; `minutes` bound a wait that would never end. */
export async function eventually<Value>(what: string, ask: () => Promise<Value | undefined> | Value | undefined, words: () => string = () => '', minutes = 3): Promise<Value> {
  let last: unknown;
  for (const until = Date.now() + minutes * 60_000; Date.now() < until; await sleep(50)) {
    try {
      const value = await ask();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not within ${minutes} minutes; ${String(last)}\n${words()}`);
}
