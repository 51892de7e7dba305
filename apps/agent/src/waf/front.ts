import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PalisadeError, messageOf } from '@palisade/model/error';
import { kinds, protections, tags } from '@palisade/behaviour/decode.gen';
import { createRecordStream, textOf } from '@palisade/behaviour/decode';
import { encodeRequest } from '../sensor/warden.ts';
import type { Request } from '../sensor/warden.ts';

/** What became of a site. `open` and `closed`: no healthy worker, and the port passes everything, or nothing. */
export type SiteState = 'served' | 'open' | 'closed' | 'ended';

export type FrontOptions = {
  /** Path of the warden program. */
  readonly program: string;
  /** The workers' user id; they have no capability in any case. */
  readonly user: number;
  readonly workers: number;
  /** Program (a path) and arguments of a worker. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  onState(site: string, state: SiteState, v6: boolean): void;
  /** What warden and workers have to say, by lines. */
  onWords(line: string): void;
};

export type Protection = {
  readonly id: string;
  /** A process of the container, and when it started (ns since boot). */
  readonly pid: number;
  readonly start: number;
  readonly port: number;
  readonly failClosed: boolean;
  readonly keepsAddress: boolean;
  /** The container has no network of its own. */
  readonly hostNetwork: boolean;
};

export type Front = {
  readonly pid: number;
  /** Throws `waf-protect` saying what stands in the way. */
  protect(site: Protection): Promise<void>;
  /** Requests under way end first; `ended` is told then. */
  unprotect(site: Pick<Protection, 'id' | 'pid' | 'start' | 'port'>): Promise<void>;
  /** New workers, with new settings and rules, take the place of the present ones. */
  reload(): Promise<void>;
  /** Resolves when it has ended, with the reason when it did so by itself. */
  readonly ended: Promise<string | undefined>;
  stop(): Promise<void>;
};

const refusals: Readonly<Record<number, string>> = {
  [-95]: 'the client\'s address cannot be kept here; only with that given up can it be protected',
  [-18]: 'the container shares the host\'s network: only on explicit request',
  [-3]: 'the container ended meanwhile',
  [-17]: 'it is protected already',
  [-65]: 'the program nft is missing',
  [-71]: 'this kernel refused the redirect rules',
  [-1]: 'not permitted (needs CAP_SYS_ADMIN, CAP_NET_ADMIN and CAP_SYS_PTRACE)',
};

/** What workers need of the environment: secrets of whoever starts them are not among it. */
function ownEnvironment(env: FrontOptions['env']): Record<string, string> {
  return Object.fromEntries(['PATH', 'LANG', 'LC_ALL', 'TZ', 'NODE_COMPILE_CACHE', 'PALISADE_DEBUG', 'PALISADE_SUPERVISOR'].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])));
}

/** Starts `warden front`, the one process with capabilities between containers and firewall workers. Throws `waf-front` when it can't. */
export async function startFront(options: FrontOptions): Promise<Front> {
  const child = spawn(options.program, ['front', '--user', String(options.user), '--workers', String(options.workers), ...options.command], { stdio: ['pipe', 'pipe', 'pipe'], env: ownEnvironment(options.env), detached: true });
  let last = '';
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(-4096);
    for (const line of lines) {
      last = line;
      options.onWords(line);
    }
  });
  const waiting = new Map<number, (result: number) => void>();
  let lastId = 0;
  let stopping = false;
  let arm: () => void = () => undefined;
  const armed = new Promise<void>((resolve) => (arm = resolve));
  const stream = createRecordStream((record) => {
    const { header } = record;
    if (header.kind !== kinds.status) return;
    if (header.arg0 !== 0) {
      waiting.get(header.arg0)?.(header.result);
      waiting.delete(header.arg0);
      return;
    }
    const said = JSON.parse(textOf(record, tags.text) ?? '{}') as { front?: boolean; site?: string; state?: SiteState; v6?: boolean };
    if (said.front === true) arm();
    else if (said.site !== undefined && said.state !== undefined) options.onState(said.site, said.state, said.v6 === true);
  });
  child.stdout.on('data', (chunk: Buffer) => stream.push(chunk));
  child.stdin.on('error', () => undefined); // it ended; `ended` says so
  const ended = Promise.race([once(child, 'close').then(([code, signal]) => `it ended with ${String(code ?? signal)}${last === '' ? '' : `: ${last}`}`), once(child, 'error').then(([error]) => messageOf(error))]).then((reason) => {
    for (const answer of waiting.values()) answer(-3);
    waiting.clear();
    return stopping ? undefined : reason;
  });
  const failed = await Promise.race([armed.then(() => undefined), ended.then((reason) => reason ?? 'it was stopped')]);
  if (failed !== undefined) throw new PalisadeError('waf-front', `the warden did not stand in front: ${failed}`, { status: 500 });

  async function ask(request: Request): Promise<void> {
    lastId += 1;
    const id = lastId;
    const result = new Promise<number>((resolve) => waiting.set(id, resolve));
    child.stdin.write(encodeRequest(request, id));
    const code = await result;
    if (code !== 0) throw new PalisadeError('waf-protect', refusals[code] ?? `${request.op}: errno ${-code}`, { status: 409, detail: { errno: -code } });
  }
  const words = (site: Pick<Protection, 'id' | 'pid' | 'start' | 'port'>) => ({ text: site.id, pid: site.pid, start: site.start, signalNumber: site.port });
  return {
    pid: child.pid ?? 0,
    protect: (site) => ask({ op: 'protect', ...words(site), flags: (site.failClosed ? protections.closed : 0) | (site.keepsAddress ? 0 : protections.hidden) | (site.hostNetwork ? protections.host : 0) }),
    unprotect: (site) => ask({ op: 'unprotect', ...words(site) }),
    reload: () => ask({ op: 'reload' }),
    ended,
    async stop() {
      stopping = true;
      child.stdin.end();
      await ended;
    },
  };
}
