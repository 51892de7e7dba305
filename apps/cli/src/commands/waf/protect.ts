import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFolder } from '@palisade/app-agent/waf/folder';
import { keepFront } from '@palisade/app-agent/waf/keep-front';
import type { FrontKeeper, WantedSite } from '@palisade/app-agent/waf/keep-front';
import { baseSettings } from '@palisade/app-waf/serve/settings';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { linkEngine } from '../../scan/engine-link.ts';
import { sensorProgram } from '../watch/sensor.ts';
import { protectOptions } from './protect-options.ts';
import type { ProtectOptions } from './protect-options.ts';
import { loadRuleFiles } from './rule-files.ts';
import { containerId, runningContainer, siteId } from './running-container.ts';
import type { RunningContainer } from './running-container.ts';
import { takeEvents } from './take-events.ts';
import { toAgent } from './to-agent.ts';
import { frontCommand } from './worker-flags.ts';

/** Stands in front of a container's ports until interrupted, also of its next runs. Exit 0; 2 when it can't. */
export async function protect(args: readonly string[], io: Io): Promise<number> {
  const options = protectOptions(args);
  // What is wrong with the rules is said here, once, before anything is touched.
  loadRuleFiles(options.site.rules, io.cwd, baseSettings(options.site.paranoia));
  const program = sensorProgram(io);
  const link = await linkEngine(io);
  const folder = openFolder('palisade-front-');
  const agent = toAgent(io);
  const events = await takeEvents(path.join(folder, 'events.sock'), options.user, (line) => {
    io.out(`${line}\n`);
    agent.send(line);
  }, (reason) => io.err(`palisade waf: an event was lost: ${reason}\n`));
  const announced = new Map<string, string>();
  const keeper: FrontKeeper = keepFront({
    folder, program, user: options.user, workers: options.workers, env: io.env, events: path.join(folder, 'events.sock'),
    command: (settings) => frontCommand(io, settings),
    onWords: (line) => io.err(`palisade waf: ${line}\n`),
    changed: () => announce(keeper, options, announced, io),
  });
  try {
    const first = await runningContainer(link.engine, await containerId(link.engine, options.container));
    if (first === undefined) throw new UsageError(`container ${options.container} is not running`);
    await keeper.want(sites(first, options, io));
    const failed = [...keeper.figures.values()].find(({ state }) => state === 'failed');
    if (failed !== undefined) throw new UsageError(`${options.container} is not protected: ${failed.reason ?? ''}${/address cannot be kept/.test(failed.reason ?? '') ? ' (--hide-client-address)' : ''}`);
    const reload = (): void => void reloadRules(options, io, keeper);
    process.on('SIGHUP', reload);
    await follow(first, link.engine, options, io, keeper);
    process.off('SIGHUP', reload);
    await keeper.want([]);
    return 0;
  } finally {
    await keeper.stop();
    events.close();
    if (agent.lost() > 0) io.err(`palisade waf: ${agent.lost()} events did not reach this machine's agent\n`);
    agent.close();
    link.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** New rules are read here first: what is wrong with them is said once, and the old ones stay at work. */
async function reloadRules(options: ProtectOptions, io: Io, keeper: FrontKeeper): Promise<void> {
  try {
    loadRuleFiles(options.site.rules, io.cwd, baseSettings(options.site.paranoia));
    await keeper.reload();
    io.err('palisade waf: new workers read the rules again\n');
  } catch (error) {
    io.err(`palisade waf: the old rules stay at work: ${messageOf(error)}\n`);
  }
}

function sites(running: RunningContainer, options: ProtectOptions, io: Io): WantedSite[] {
  const { container } = running;
  return options.ports.map((port) => {
    const id = siteId(running, port);
    return {
      protection: { id, pid: running.pid, start: running.start, port, failClosed: options.failClosed, keepsAddress: options.site.keepsAddress, hostNetwork: container.networkMode === 'host' },
      settings: { ...options.site, routes: [], before: '', id, name: `${container.name}:${port}`, port, folder: io.cwd },
    };
  });
}

/** Each run of the container has a network of its own: the engine's events tell of the next one. */
async function follow(first: RunningContainer, engine: Awaited<ReturnType<typeof linkEngine>>['engine'], options: ProtectOptions, io: Io, keeper: FrontKeeper): Promise<void> {
  let start: number | undefined = first.start;
  const look = async (): Promise<void> => {
    const now = await runningContainer(engine, first.container.id).catch(() => undefined);
    if (now?.start === start) return;
    start = now?.start;
    if (now === undefined) io.err(`palisade waf: ${options.container} ended; waiting for its next run\n`);
    await keeper.want(now === undefined ? [] : sites(now, options, io));
  };
  while (!io.signal.aborted) {
    try {
      const stream = engine.events(io.signal);
      await look();
      for await (const event of stream) if (event.type === 'container' && event.id === first.container.id) await look();
    } catch (error) {
      if (!io.signal.aborted) io.err(`palisade waf: container engine: ${messageOf(error)}\n`);
    }
    await sleep(1000, undefined, { signal: io.signal }).catch(() => undefined);
  }
}

function announce(keeper: FrontKeeper, options: ProtectOptions, announced: Map<string, string>, io: Io): void {
  for (const [id, { state, v6, reason }] of keeper.figures) {
    if (announced.get(id) === state) continue;
    announced.set(id, state);
    const port = id.split('.')[1] ?? '';
    const place = `port ${port} of ${options.container}`;
    const address = options.site.keepsAddress ? '' : '; RISK: client address hidden from the application';
    if (state === 'served') io.err(`palisade waf: ${options.site.mode} on ${place} (IPv4${v6 ? ', IPv6' : ''}), fails ${options.failClosed ? 'closed' : 'open'}${address}; not covered: the container's own loopback\n`);
    else if (state === 'open') io.err(`palisade waf: GAP: ${place} is open, no worker serves it${reason === undefined ? '' : ` (${reason})`}\n`);
    else if (state === 'closed') io.err(`palisade waf: ${place} is closed until a worker serves it${reason === undefined ? '' : ` (${reason})`}\n`);
    else if (state === 'failed') io.err(`palisade waf: GAP: ${place} is not protected: ${reason ?? ''}\n`);
  }
}
