import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import type { Node } from '@palisade/model/node';
import { ImageStanding } from '@palisade/model/response';
import { createDone, obey } from './commands.ts';
import { open, readText } from './gateway/call.ts';
import { commandStream } from './gateway/commands.ts';
import { deliver, rest } from './gateway/deliver.ts';
import { createDoorbell } from './gateway/doorbell.ts';
import { enrol, loadIdentity, renew } from './gateway/identity.ts';
import { hostRoot } from './host-proc.ts';
import { describeNode, machineId } from './inventory/describe-node.ts';
import { engineGaps, findOtherEngines } from './inventory/sockets.ts';
import { watchEngine } from './inventory/watch-engine.ts';
import { createReporter } from './report.ts';
import { followDesired } from './response/desired.ts';
import { presentEngine } from './runtime/present-engine.ts';
import type { WatchSetup } from './runtime/watch-node.ts';
import { watchNode } from './runtime/watch-node.ts';
import { runScan } from './scan/run-scan.ts';
import { createScanQueue } from './scan/scan-queue.ts';
import { reportDropped } from './spool/report-dropped.ts';
import { guardContainers } from './waf/guard-containers.ts';
import type { FrontSetup } from './waf/guard-containers.ts';
import { takeWafEvents } from './waf/listen.ts';
import { openSpool } from './spool/spool.ts';

export type AgentOptions = {
  /** Identity, spool and memory of this agent. */
  readonly folder: string;
  readonly version: string;
  readonly name: string;
  /** Needed until the node is enrolled. */
  readonly joinToken?: string;
  /** Command and leading arguments that start the CLI, for scans. */
  readonly self: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The engine behind its guard. Throws while there is none. */
  linkEngine(): Promise<{ engine: ContainerEngine; close(): void }>;
  readonly engineSocket: string;
  readonly scanHost: boolean;
  /** Watch running containers; without it the node has no sensor at all. */
  readonly watch?: WatchSetup;
  /**
   * Directory in bpffs, kept when the agent ends too: deny lists, holds and isolation outlive every process of ours.
   * Absent: one of the agent's own where there is bpffs, given up at an ordered end. "none": nothing is pinned.
   */
  readonly pins?: string;
  /** The firewall in front of containers whose labels ask for it. */
  readonly front?: FrontSetup;
  readonly signal: AbortSignal;
  log(message: string): void;
};

/** The node's own file system, scanned like an image. */
const hostTarget = `dir:${hostRoot}`;
const engineRetry = 5000;
const streamRetry = 3000;

/** Nothing of a policy holds where nothing is watched; said rather than shown as in force. */
const unwatched: Gap = { kind: 'response-without-sensor', subject: 'sensor', reason: 'this agent runs without a sensor: nothing is prevented, held, isolated, and no process is killed', count: 1 };

/** Runs the node's agent until the signal aborts. Throws when the node isn't enrolled and no join token is given. */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { folder, signal, log, version } = options;
  let identity = loadIdentity(folder);
  if (identity === undefined) {
    if (options.joinToken === undefined) throw new Error('this node is not enrolled: give a join token (--join TOKEN), made in the console under agents');
    const id = machineId();
    identity = await enrol(folder, options.joinToken, { name: options.name, ...(id === undefined ? {} : { machineId: id }) }, version, signal);
    // A console that doesn't know this node has none of its results either.
    for (const file of ['scanned.json', 'commands-done.json']) rmSync(path.join(folder, file), { force: true });
    log(`enrolled as ${identity.agent}`);
  }
  let current = identity;
  const spool = openSpool(path.join(folder, 'spool'));
  const doorbell = createDoorbell();
  const report = createReporter(spool, current.node, () => new Date(), doorbell.ring);
  const waf = takeWafEvents(folder, report, log);
  const guard = options.front === undefined ? undefined : guardContainers(options.front, waf.alsoAt, (gaps) => report.gaps('agent-waf-front', gaps), log);
  const failures = new Map<string, Gap>();
  const scans = createScanQueue({
    folder,
    version,
    scan: ({ target }) => runScan({ self: options.self, target, env: options.env, signal }),
    done(job, scan) {
      failures.delete(job.target);
      report.put('scan', job.target, { source: job.source, scan: job.target === hostTarget ? { ...scan, target: { kind: 'dir', ref: '/' } } : scan });
      report.gaps('agent-scan', [...failures.values()]);
    },
    failed(job, reason) {
      log(`scan of ${job.target} failed: ${reason}`);
      failures.set(job.target, { kind: 'scan-failed', subject: job.target, since: new Date().toISOString(), reason: reason.slice(0, 1000), count: 1 });
      report.gaps('agent-scan', [...failures.values()]);
    },
    signal,
  });
  let engine: ContainerEngine | undefined;
  let engineState: readonly ['connected' | 'absent', string, string?] | undefined;
  const ask = async (where: string): Promise<string> => readText(await open({ url: current.url, method: 'GET', path: where, credentials: current, signal }));
  const desired = followDesired({
    folder,
    fetch: () => ask('/agent/v1/policy'),
    changed(policy) {
      if (watching === undefined) report.gaps('agent-response', policy.documents.every((one) => (one as { kind?: unknown } | null)?.kind === 'WafSite') ? [] : [unwatched]);
      guard?.desired(policy);
      watching?.responder.policy(policy);
      report.put('policy-applied', 'all', { revision: policy.revision });
    },
    failed: (reason) => log(`policy: ${reason}`),
  });
  if (desired.current !== undefined) guard?.desired(desired.current);
  const watching = options.watch === undefined ? undefined : watchNode({
    ...options.watch,
    node: current.node,
    folder,
    policy: desired.current,
    ...(options.pins === 'none' ? {} : { pins: options.pins ?? { folder: `/sys/fs/bpf/palisade-${current.node}`, temporary: true } }),
    responded: (response) => report.put('response', 'all', response),
    put: report.put,
    responseGaps: (gaps) => report.gaps('agent-response', gaps),
    async standing(image) {
      const answer = ImageStanding.parse(JSON.parse(await ask(`/agent/v1/image?id=${encodeURIComponent(image)}`)));
      if (!answer.scanned) scans.add({ target: `docker:${image}`, source: 'image' });
      return answer;
    },
    engine: presentEngine(() => engine),
    tell: (detection) => report.put('detection', 'all', detection),
    gaps: (gaps) => report.gaps('agent-sensor', gaps),
    changed() {
      if (engineState !== undefined) reportEngine(...engineState);
    },
    signal,
    log,
  });

  const tick = setInterval(() => {
    spool.sync();
    reportDropped(spool, report, options.name, log);
  }, 1000);

  const keepRenewed = async (): Promise<void> => {
    while (!signal.aborted) {
      if (Date.parse(current.renewAfter) <= Date.now()) {
        await renew(folder, current, signal).then(
          (renewed) => {
            current = renewed;
          },
          (error: unknown) => log(`certificate not renewed yet: ${messageOf(error)}`),
        );
      }
      await rest(60_000, signal);
    }
  };

  const followCommands = async (): Promise<void> => {
    const done = createDone(folder);
    while (!signal.aborted) {
      try {
        for await (const command of commandStream(current.url, current, signal, desired.heard)) {
          if (done.has(command.id)) continue;
          const outcome = await obey(command, { engine: () => engine, killProcess, scans, resync, responder: watching?.responder, activity: (container, seconds) => watching?.activity(container, seconds) }, new Date());
          report.put('command-result', command.id, { command: command.id, ...outcome });
          done.add(command.id);
          log(`command ${command.kind}: ${outcome.ok ? 'done' : (outcome.message ?? 'failed')}`);
        }
      } catch (error) {
        if (!signal.aborted) log(`command stream: ${messageOf(error)}`);
      }
      await rest(streamRetry, signal);
    }
  };

  const followEngine = async (): Promise<void> => {
    while (!signal.aborted) {
      let link: Awaited<ReturnType<AgentOptions['linkEngine']>> | undefined;
      try {
        link = await options.linkEngine();
        const engineVersion = await link.engine.version();
        engine = link.engine;
        reportEngine('connected', engineVersion);
        await watchEngine({ engine, report, scans, signal, log, ...(guard === undefined ? {} : { follow: guard }) });
      } catch (error) {
        if (!signal.aborted) {
          log(`container engine: ${messageOf(error)}`);
          reportEngine('absent', '', messageOf(error));
        }
      } finally {
        engine = undefined;
        link?.close();
      }
      await rest(engineRetry, signal);
    }
  };

  async function killProcess(pid: number, start: number): Promise<void> {
    if (watching === undefined) throw new Error('this agent runs without a sensor');
    await watching.killProcess(pid, start);
  }

  function resync(): void {
    report.forget();
    scans.forget();
    report.gaps('agent-scan', [...failures.values()]);
    if (options.scanHost) scans.add({ target: hostTarget, source: 'host' }, true);
  }

  const since = new Date().toISOString();
  function reportEngine(state: 'connected' | 'absent', engineVersion: string, reason?: string): void {
    engineState = reason === undefined ? [state, engineVersion] : [state, engineVersion, reason];
    const others = findOtherEngines(hostRoot, userRuntimeFolders(), state === 'connected');
    const engines: Node['engines'] = [
      { kind: 'docker', version: engineVersion, socket: options.engineSocket, state },
      ...others.map(({ kind, socket }) => ({ kind, version: '', socket, state: 'unsupported' as const })),
    ];
    report.put('node', current.node, describeNode(current, options.name, engines, watching?.sensor));
    const absent: Gap[] =
      state === 'connected'
        ? []
        : [{ kind: 'engine-absent', subject: options.engineSocket, since, reason: (reason ?? '').slice(0, 500), count: 1, remedy: { en: 'Start the Docker engine, or let the agent read its socket; it is waited for.', 'zh-CN': '启动 Docker 引擎，或允许节点代理访问其套接字；节点代理会持续等待。' } }];
    report.gaps('agent-engine', [...absent, ...engineGaps(others, since)]);
  }

  log(`node ${current.node} reports to ${current.url}`);
  if (options.scanHost) scans.add({ target: hostTarget, source: 'host' }, true);
  try {
    await Promise.all([keepRenewed(), followCommands(), followEngine(), deliver({ spool, doorbell, who: () => ({ url: current.url, credentials: current }), signal, log })]);
  } finally {
    clearInterval(tick);
    await guard?.stop();
    waf.close();
    await watching?.ended;
    await scans.idle();
    spool.close();
  }
}

function userRuntimeFolders(): string[] {
  try {
    return readdirSync(path.join(hostRoot, 'run/user')).map((user) => path.join(hostRoot, 'run/user', user));
  } catch {
    return [];
  }
}
