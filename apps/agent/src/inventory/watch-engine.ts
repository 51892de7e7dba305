import type { ContainerEngine, EngineEvent } from '@palisade/engine/engine';
import type { Container } from '@palisade/model/container';
import { rest } from '../gateway/deliver.ts';
import type { Reporter } from '../report.ts';
import type { ScanQueue } from '../scan/scan-queue.ts';
import { listeningPorts, processesByContainer, programsOf } from './listening.ts';

export type Watch = {
  readonly engine: ContainerEngine;
  readonly report: Reporter;
  readonly scans: ScanQueue;
  readonly signal: AbortSignal;
  /** Told of every container at each look. */
  readonly follow?: { seen(container: Container): void; removed(id: string): void };
  log(message: string): void;
};

/** Events that come in a burst (create, attach, start) lead to one look. */
const settle = 300;
/** Ports open after the start, and events lost under load, are seen at the latest then. */
const resync = 60_000;
/** Actions that change nothing we show; exec_* alone may come thousands of times from health checks. */
const boring = /^(exec_|attach|resize|top|archive-path|extract-to-dir|health_status)/;

/** Reports all there is, then follows events. Throws when the engine goes away. */
export async function watchEngine(watch: Watch): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([watch.signal, stop.signal]);
  const events = watch.engine.events(signal)[Symbol.asyncIterator]();
  // Asked for before the first look, so that nothing happens between the two unseen.
  let next = events.next();
  next.catch(() => undefined);
  try {
    await lookAtAll(watch);
    const changed = new Set<string>();
    let all = false;
    let due = Date.now() + resync;
    for (;;) {
      const timer = new AbortController();
      const event = await Promise.race([next, rest(changed.size > 0 || all ? settle : Math.max(1, due - Date.now()), AbortSignal.any([signal, timer.signal]))]);
      timer.abort();
      if (watch.signal.aborted) return;
      if (typeof event === 'object') {
        if (event.done === true) return;
        next = events.next();
        next.catch(() => undefined);
        if (boring.test(event.value.action)) continue;
        if (event.value.type === 'container') changed.add(event.value.id);
        if (concernsLists(event.value)) all = true;
        // Under a steady stream of events the look must still come.
        if (changed.size < 100) continue;
      }
      if (all || Date.now() >= due) {
        await lookAtAll(watch);
        due = Date.now() + resync;
      } else await lookAt(watch, [...changed]);
      changed.clear();
      all = false;
    }
  } finally {
    stop.abort();
  }
}

function concernsLists({ type, action }: EngineEvent): boolean {
  return type === 'image' || action === 'create' || action === 'destroy';
}

async function lookAtAll(watch: Watch): Promise<void> {
  const [containers, images] = [await watch.engine.containers(), await watch.engine.images()];
  await lookAt(watch, containers);
  watch.report.put('inventory', 'inventory', {
    containers: [...containers].sort(),
    images: images.map(({ id, names, size }) => ({ id, names: [...names], size })).sort((a, b) => a.id.localeCompare(b.id)),
  });
  // What runs is looked at first.
  const running = new Set<string>();
  for (const id of containers) {
    const container = await watch.engine.container(id);
    if (container?.state === 'running') running.add(container.image);
  }
  for (const image of [...images].sort((a, b) => Number(running.has(b.id)) - Number(running.has(a.id)))) {
    watch.scans.add({ target: `docker:${image.id}`, source: 'image' });
  }
}

async function lookAt(watch: Watch, ids: readonly string[]): Promise<void> {
  const processes = processesByContainer();
  for (const id of ids) {
    const container = await watch.engine.container(id);
    if (container === undefined) {
      watch.report.put('container-removed', id, { id });
      watch.follow?.removed(id);
      continue;
    }
    watch.follow?.seen(container);
    if (container.pid === 0) {
      watch.report.put('container', id, container);
      continue;
    }
    try {
      const own = processes.get(id) ?? [container.pid];
      watch.report.put('container', id, { ...container, listening: listeningPorts(container.pid, own), processes: programsOf(own) });
    } catch (error) {
      // Its first process ended meanwhile, or belongs to another user: reported without ports.
      watch.log(`ports of container ${container.name} not read: ${String(error)}`);
      watch.report.put('container', id, container);
    }
  }
}
