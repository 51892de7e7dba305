import { hostProc } from '@palisade/app-agent/host-proc';
import { processStart } from '@palisade/app-agent/sensor/process-start';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Container } from '@palisade/model/container';
import { UsageError } from '../../command.ts';

/** A running container with the first of its processes: `start` in ns since boot, so that a reused pid is not taken for it. */
export type RunningContainer = { readonly container: Container; readonly pid: number; readonly start: number };

/** The id of the container that a person means by a name, an id or the beginning of one. Throws UsageError unless it is one. */
export async function containerId(engine: ContainerEngine, name: string): Promise<string> {
  const ids = await engine.containers();
  const byId = ids.filter((id) => /^[0-9a-f]+$/.test(name) && id.startsWith(name));
  if (byId.length === 1) return byId[0]!;
  for (const id of ids) if ((await engine.container(id))?.name === name) return id;
  throw new UsageError(byId.length > 1 ? `${name} begins ${byId.length} containers' ids` : `no container ${name}`);
}

/** A container by its id; undefined when it is gone or doesn't run. */
export async function runningContainer(engine: ContainerEngine, id: string): Promise<RunningContainer | undefined> {
  const container = await engine.container(id);
  if (container === undefined) return undefined;
  const start = container.pid > 0 ? processStart(container.pid, hostProc) : undefined;
  if (start === undefined || (container.state !== 'running' && container.state !== 'paused')) return undefined;
  // It may have ended since the engine was asked, and its pid belong to another: the same answer twice says it has not.
  const again = await engine.container(container.id);
  return again?.pid === container.pid && again.started === container.started ? { container, pid: container.pid, start } : undefined;
}

/** The warden's name for a port of one run of a container. */
export function siteId(of: RunningContainer, port: number): string {
  return `${of.container.id.slice(0, 12)}.${port}.${Math.round(of.start / 10_000_000).toString(36)}`;
}
