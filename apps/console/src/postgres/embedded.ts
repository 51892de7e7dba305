import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import pg from 'pg';
import { refuse } from '../errors.ts';
import { postgresPrograms } from './binaries.ts';

/** How to reach a database: what `pg` takes. */
export type Reach = { host: string; port: number; user: string; password: string; database: string };

export type EmbeddedPostgres = {
  readonly reach: Reach;
  /** Stops Postgres and waits until it has: fast shutdown, nothing lost. */
  stop(): Promise<void>;
};

export type Notice = (message: string, fields?: Readonly<Record<string, unknown>>) => void;

const port = 5432;

/**
 * A real Postgres of our own under `home`/postgres, reached by a Unix socket only. As root it runs as the system's
 * `postgres` or `nobody`, since Postgres refuses root. A server left behind by a killed console is taken over; one
 * that dies is started again (crash recovery is Postgres's own) until `stop`.
 */
export async function startEmbedded(home: string, password: string, notice: Notice): Promise<EmbeddedPostgres> {
  const owner = process.getuid?.() === 0 ? unprivilegedUid() : undefined;
  const folder = path.join(home, 'postgres');
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const programs = postgresPrograms(folder, owner);
  const data = path.join(folder, 'data');
  const socketFolder = socketPlace(folder);
  mkdirSync(socketFolder, { recursive: true, mode: 0o700 });
  if (owner !== undefined) chownSync(socketFolder, owner, owner);
  if (!existsSync(path.join(data, 'PG_VERSION'))) initialise(programs, folder, data, password, owner);
  const reach = embeddedReach(home, password);

  const ending = new AbortController();
  const given = ending.signal;
  let child: ChildProcess | undefined;
  let watching: Promise<void> = Promise.resolve();

  const launch = (): ChildProcess => {
    const started = spawn(
      path.join(programs, 'bin', 'postgres'),
      ['-D', data, '-k', socketFolder, '-h', '', '-p', String(port), ...serverSettings],
      // Its own process group: the terminal's Ctrl-C must reach the console first, which then stops it in order.
      { stdio: ['ignore', 'ignore', 'pipe'], cwd: folder, detached: true, env: { LANG: 'C.UTF-8', TZ: 'UTC' }, ...(owner === undefined ? {} : { uid: owner, gid: owner }) },
    );
    let tail = '';
    started.stderr?.on('data', (chunk: Buffer) => (tail = (tail + chunk.toString('utf8')).slice(-2000)));
    started.on('exit', (code, signal) => {
      if (!given.aborted) notice('postgres ended', { code, signal, tail });
    });
    started.on('error', (error) => notice('postgres did not start', { error: error.message }));
    return started;
  };

  const watch = async (): Promise<void> => {
    for (;;) {
      const adopted = child === undefined ? runningPid(data) : undefined;
      if (adopted === undefined && (child === undefined || child.exitCode !== null || child.signalCode !== null)) child = launch();
      while (!given.aborted && (adopted === undefined ? child?.exitCode === null && child.signalCode === null : alive(adopted))) await sleep(100);
      if (given.aborted) return;
      child = undefined;
      await sleep(200);
    }
  };
  watching = watch();
  await answering(reach, given);
  return {
    reach,
    stop: async () => {
      ending.abort();
      await watching;
      const pid = child?.pid ?? runningPid(data);
      if (pid === undefined) return;
      // SIGINT is Postgres's fast shutdown: open sessions are ended, the rest is written down.
      for (const [signal, wait] of [['SIGINT', 20_000], ['SIGQUIT', 5_000], ['SIGKILL', 5_000]] as const) {
        if (!alive(pid)) return;
        process.kill(pid, signal);
        for (let waited = 0; waited < wait && alive(pid); waited += 20) await sleep(20);
      }
    },
  };
}

/** How to reach the embedded server of `home`, whoever started it. */
export function embeddedReach(home: string, password: string): Reach {
  return { host: socketPlace(path.join(home, 'postgres')), port, user: 'palisade', password, database: 'postgres' };
}

const serverSettings = [
  '-c', 'max_connections=80', '-c', 'shared_buffers=128MB', '-c', 'work_mem=16MB', '-c', 'max_wal_size=2GB',
  '-c', 'wal_level=minimal', '-c', 'max_wal_senders=0', '-c', 'synchronous_commit=on', '-c', 'fsync=on', '-c', 'jit=off',
  '-c', 'random_page_cost=1.1', '-c', 'logging_collector=off', '-c', 'log_min_messages=warning', '-c', 'unix_socket_permissions=0700',
];

function initialise(programs: string, folder: string, data: string, password: string, owner: number | undefined): void {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  const secret = path.join(folder, '.initial');
  writeFileSync(secret, password, { mode: 0o600 });
  if (owner !== undefined) for (const file of [data, secret]) chownSync(file, owner, owner);
  const done = spawnSync(
    path.join(programs, 'bin', 'initdb'),
    ['-D', data, '-U', 'palisade', '--encoding=UTF8', '--locale=C.UTF-8', '--auth=scram-sha-256', `--pwfile=${secret}`],
    { cwd: folder, encoding: 'utf8', env: { LANG: 'C.UTF-8', TZ: 'UTC' }, ...(owner === undefined ? {} : { uid: owner, gid: owner }) },
  );
  rmSync(secret, { force: true });
  if (done.status === 0) return;
  rmSync(data, { recursive: true, force: true });
  const cause = done.error?.message ?? done.stderr.trim();
  const hint = owner === undefined ? '' : `; Postgres runs as user id ${owner}, who must be able to enter every folder above ${folder}`;
  throw refuse('database-away', `the embedded Postgres could not be set up in ${data}: ${cause}${hint}`);
}

function unprivilegedUid(): number {
  const users = new Map(readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => [line.split(':')[0] ?? '', Number(line.split(':')[2])]));
  return users.get('postgres') ?? users.get('nobody') ?? 65_534;
}

/** A Unix socket's path holds at most 107 bytes: a deep home gets a folder named after it under the temporary one. */
function socketPlace(folder: string): string {
  const wanted = path.join(folder, 'run');
  if (Buffer.byteLength(path.join(wanted, `.s.PGSQL.${port}`)) < 100) return wanted;
  return path.join(tmpdir(), `palisade-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`);
}

function runningPid(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(path.join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    // A pid from before a reboot may be anybody's: only a process that runs on this data folder counts.
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return command.split('\0').includes(data) ? pid : undefined;
  } catch {
    return undefined;
  }
}

function alive(pid: number): boolean {
  try {
    // A zombie answers kill(0) but has ended.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

async function answering(reach: Reach, given: AbortSignal): Promise<void> {
  let last = '';
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (given.aborted) return;
    const client = new pg.Client({ ...reach, connectionTimeoutMillis: 2000 });
    client.on('error', (error) => (last = error.message));
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
      await sleep(50);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
  throw refuse('database-away', `the embedded Postgres does not answer: ${last}`);
}
