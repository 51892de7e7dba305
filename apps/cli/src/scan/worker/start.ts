import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CacheStore } from '@palisade/image/cache/cache';
import type { OpaqueTest } from '@palisade/image/layer/opaque';
import { messageOf } from '@palisade/model/error';
import type { Described } from '../describe.ts';
import { serveStore } from './cache-link.ts';
import { attempts } from './confine.ts';
import type { Attempt } from './confine.ts';
import type { Confinement, Job } from './job.ts';

export type WorkerOptions = {
  /** Command and leading arguments that start this CLI. */
  readonly self: readonly string[];
  readonly signal: AbortSignal;
  readonly cache?: CacheStore;
  /** Answers the worker's questions about overlay directories. */
  readonly opaque?: OpaqueTest;
  readonly progress?: (done: number, total: number) => void;
  /** Called when the worker has its job. */
  readonly started?: () => void;
  /** Bytes of memory and milliseconds that the worker may take. */
  readonly memory: number;
  readonly time: number;
  /** True: the source is read by path, not from the descriptor. */
  readonly reads: boolean;
};

/** How the worker was held, as it and its parent measured it. */
export type Isolation = { readonly network: 'empty' | 'shared'; readonly user: 'nobody' | 'own'; readonly capabilities: 'none' | 'read-files' | 'some' };

/** `failed`: the worker was ended by a limit or died; the reason is for people, the kind for the gap. */
export type WorkerOutcome = { readonly isolation: Isolation } & ({ readonly described: Described } | { readonly refused: string } | { readonly failed: { readonly kind: string; readonly reason: string } });

/** Lines of a worker that floods its parent are not collected beyond this. */
const maxLine = 512 << 20;

const broken = 'the scan worker said what it must not say';

/** Reads a target in a confined process of its own. Throws only when no process could be started, or on abort. */
export async function readInWorker(job: Job, fd: number | undefined, options: WorkerOptions): Promise<WorkerOutcome> {
  const uid = process.getuid?.() ?? 0;
  const ways = attempts({ reads: options.reads, memory: options.memory, cpu: Math.ceil(options.time / 1000), program: [...options.self, '__scan-worker'] }, uid);
  let last: Error | undefined;
  for (const way of ways) {
    const outcome = await run(way, job, fd, options);
    if (!('unstarted' in outcome)) return outcome;
    last = new Error(outcome.unstarted);
  }
  throw new Error(`the scan worker did not start: ${last?.message ?? ''}`);
}

async function run(way: Attempt, job: Job, fd: number | undefined, options: WorkerOptions): Promise<WorkerOutcome | { unstarted: string }> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'palisade-worker-'));
  try {
    if (way.uid !== undefined) chownSync(scratch, way.uid, way.uid);
    // Nothing of the environment that could hold a credential.
    const compiled = process.env['NODE_COMPILE_CACHE'];
    const env = { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', TMPDIR: scratch, LC_ALL: 'C', MALLOC_ARENA_MAX: '1', ...(compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiledCode(compiled, options.reads) }) };
    const child = spawn(way.command, [...way.args], { env, cwd: '/', stdio: ['ignore', 'ignore', 'pipe', fd ?? 'ignore', options.cache === undefined ? 'ignore' : 'pipe', 'pipe'] });
    return await follow(child, job, options);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Where the worker finds V8's compiled code, absolute, for it starts in another folder. V8 keeps of a file what its first
 * run used: reading by path uses other parts than reading archives does, so each has a folder of its own.
 */
function compiledCode(folder: string, reads: boolean): string {
  return path.join(path.resolve(folder), ...(reads ? ['by-path'] : []));
}

async function follow(child: ChildProcess, job: Job, options: WorkerOptions): Promise<WorkerOutcome | { unstarted: string }> {
  let isolation: Isolation | undefined;
  let refused: string | undefined;
  let done: string | undefined;
  let killed: { kind: string; reason: string } | undefined;
  let said = '';
  const end = (kind: string, reason: string): void => {
    killed ??= { kind, reason };
    child.kill('SIGKILL');
  };
  const cacheSocket = child.stdio[4] as Duplex | null | undefined;
  if (options.cache !== undefined && cacheSocket != null) serveStore(cacheSocket, options.cache);
  child.stderr?.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-4000);
  });
  const pipes: readonly unknown[] = child.stdio;
  const talk = pipes[5] as Duplex;
  readLines(talk, (line) => {
    if (line.startsWith('{"done":')) {
      done = line;
      return;
    }
    const told = smallLine(line);
    if (told === undefined) end('scan-worker-broken', broken);
    else if ('ready' in told) isolation = measured(told.ready);
    else if ('progress' in told) options.progress?.(...told.progress);
    else if ('directories' in told) talk.write(`${JSON.stringify(options.opaque?.(told.directory, told.directories) ?? [])}\n`);
    else refused = told.error;
  }, () => end('limit-scan-result', `the scan worker answered with more than ${maxLine} bytes`));
  talk.on('error', () => {});
  talk.write(`${JSON.stringify(job)}\n`);
  const answerForm = import('./answer.ts');
  options.started?.();
  const abort = (): void => end('interrupted', 'interrupted');
  options.signal.addEventListener('abort', abort, { once: true });
  const late = setTimeout(() => end('limit-scan-time', `not done after ${Math.round(options.time / 1000)} seconds`), options.time);
  const watch = setInterval(() => {
    if (residentBytes(child.pid) > options.memory) end('limit-scan-memory', `more than ${Math.round(options.memory / 2 ** 20)} MiB of memory`);
  }, 100);
  const { code, signal, failure } = await ended(child);
  clearTimeout(late);
  clearInterval(watch);
  options.signal.removeEventListener('abort', abort);
  options.signal.throwIfAborted();
  if (isolation === undefined) {
    if (killed === undefined) return { unstarted: failure ?? (said.trim() || `ended with ${code ?? signal ?? 'nothing'}`) };
    return { isolation: { network: 'shared', user: 'own', capabilities: 'some' }, failed: killed };
  }
  if (killed !== undefined) return { isolation, failed: killed };
  if (refused !== undefined) return { isolation, refused };
  if (done !== undefined) {
    const { WorkerAnswer } = await answerForm;
    const answer = WorkerAnswer.safeParse(parseLine(done));
    if (!answer.success) return { isolation, failed: { kind: 'scan-worker-broken', reason: broken } };
    const described = answer.data.done;
    return { isolation, described: { ...described, scan: { target: job.target, ...described.scan } } };
  }
  if (/heap out of memory|allocation failed|Cannot allocate memory/i.test(said) || signal === 'SIGABRT') return { isolation, failed: { kind: 'limit-scan-memory', reason: `more than ${Math.round(options.memory / 2 ** 20)} MiB of memory` } };
  if (signal === 'SIGXCPU' || signal === 'SIGKILL') return { isolation, failed: { kind: 'limit-scan-time', reason: `ended by ${signal}` } };
  return { isolation, failed: { kind: 'scan-worker-died', reason: `the scan worker ended with ${code ?? signal ?? 'nothing'}: ${said.trim().split('\n').at(-1) ?? ''}` } };
}

function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null; failure?: string }> {
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ code: null, signal: null, failure: messageOf(error) }));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
}

function readLines(from: Duplex, each: (line: string) => void, flood: () => void): void {
  const decoder = new StringDecoder('utf8');
  let parts: string[] = [];
  let length = 0;
  from.on('data', (bytes: Buffer) => {
    let text = decoder.write(bytes);
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      each(parts.join('') + text.slice(0, end));
      parts = [];
      length = 0;
      text = text.slice(end + 1);
    }
    parts.push(text);
    length += text.length;
    if (length > maxLine) {
      parts = [];
      flood();
    }
  });
}

/** A line other than the answer, looked at by hand: schemas are loaded for that alone. */
function smallLine(line: string): { ready: Confinement } | { progress: [number, number] } | { directory: string; directories: string[] } | { error: string } | undefined {
  const told = parseLine(line);
  if (!isRecord(told)) return undefined;
  const { ready, progress, error, directory, directories } = told;
  if (typeof error === 'string') return { error };
  if (Array.isArray(progress)) {
    const [at, of]: readonly unknown[] = progress;
    return typeof at === 'number' && typeof of === 'number' ? { progress: [at, of] } : undefined;
  }
  if (typeof directory === 'string' && Array.isArray(directories)) return directories.every((one) => typeof one === 'string') ? { directory, directories } : undefined;
  if (!isRecord(ready)) return undefined;
  const { uid, capabilities, noNewPrivileges, network } = ready;
  if (typeof uid !== 'number' || typeof capabilities !== 'string' || typeof noNewPrivileges !== 'boolean' || typeof network !== 'string') return undefined;
  return { ready: { uid, capabilities, noNewPrivileges, network } };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function measured({ uid, capabilities, network }: Confinement): Isolation {
  const bits = BigInt(`0x${/^[0-9a-f]+$/.test(capabilities) ? capabilities : 'f'}`);
  return {
    network: network !== '' && network !== readlinkSync('/proc/self/ns/net') ? 'empty' : 'shared',
    user: uid !== (process.getuid?.() ?? uid) ? 'nobody' : 'own',
    // Bit 2 is CAP_DAC_READ_SEARCH.
    capabilities: bits === 0n ? 'none' : bits === 4n ? 'read-files' : 'some',
  };
}

function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid ?? 0}/statm`, 'latin1').split(' ')[1] ?? 0) * 4096;
  } catch {
    return 0;
  }
}
