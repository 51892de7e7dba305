import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { messageOf } from '@palisade/model/error';
import type { AgentCommand } from '@palisade/model/wire';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Responder } from './response/responder.ts';
import type { ScanQueue } from './scan/scan-queue.ts';

export type CommandWorld = {
  engine(): ContainerEngine | undefined;
  /** Ends a process, told by its pid and its start (ns since boot); throws with the reason when it can't. */
  killProcess(pid: number, start: number): Promise<void>;
  readonly scans: ScanQueue;
  /** Isolation, evidence, taking back; absent where nothing is watched. */
  readonly responder?: Pick<Responder, 'command' | 'knows'> | undefined;
  /** The recorder's last events; undefined where no sensor runs. */
  activity?(container: string | undefined, seconds: number): unknown;
  /** The console lost what it had of this node: everything is told anew. */
  resync(): void;
};
type Outcome = { ok: boolean; message?: string; data?: unknown };

const OnContainer = z.object({ container: z.string().regex(/^[0-9a-f]{64}$/, 'a full container id') });
const Process = z.object({ pid: z.number().int().min(2), start: z.number().positive() });
const Activity = z.object({ container: z.string().regex(/^[0-9a-f]{64}$/).optional(), seconds: z.number().min(1).max(3600).default(300) });
const Scan = z.object({ image: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'an image id (sha256:…)') });

/** Does one command. What can't be done is an outcome with its reason, never a throw. */
export async function obey(command: AgentCommand, world: CommandWorld, now: Date): Promise<Outcome> {
  try {
    if (command.expires !== undefined && Date.parse(command.expires) < now.getTime()) return { ok: false, message: 'expired before it arrived' };
    if (world.responder?.knows(command.kind) === true) {
      const message = await world.responder.command(command.kind, command.body);
      return message === undefined ? { ok: true } : { ok: true, message };
    }
    switch (command.kind) {
      case 'activity': {
        const { container, seconds } = Activity.parse(command.body);
        const data = world.activity?.(container, seconds);
        return data === undefined ? { ok: false, message: 'no sensor runs on this node' } : { ok: true, data };
      }
      case 'pause':
      case 'unpause':
      case 'stop':
      case 'kill': {
        const { container } = OnContainer.parse(command.body);
        const engine = world.engine();
        if (engine === undefined) return { ok: false, message: 'no container engine answers on this node' };
        await engine.act(container, command.kind);
        return { ok: true };
      }
      case 'kill-process': {
        const { pid, start } = Process.parse(command.body);
        await world.killProcess(pid, start);
        return { ok: true };
      }
      case 'scan':
        world.scans.add({ target: `docker:${Scan.parse(command.body).image}`, source: 'image' }, true);
        return { ok: true, message: 'queued' };
      case 'scan-host':
        world.scans.add({ target: 'dir:/', source: 'host' }, true);
        return { ok: true, message: 'queued' };
      case 'resync':
        world.resync();
        return { ok: true };
      default:
        return { ok: false, message: `this agent does not know the command "${command.kind}"` };
    }
  } catch (error) {
    return { ok: false, message: error instanceof z.ZodError ? (error.issues[0]?.message ?? 'body') : messageOf(error) };
  }
}

/** The ids of the last commands done, across restarts: a command that comes again must not be done again. */
export function createDone(folder: string, keep = 1000): { has(id: string): boolean; add(id: string): void } {
  const file = path.join(folder, 'commands-done.json');
  let ids: string[];
  try {
    ids = z.array(z.string()).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    ids = [];
  }
  return {
    has: (id) => ids.includes(id),
    add(id) {
      ids = [...ids, id].slice(-keep);
      writeFileSync(file, JSON.stringify(ids));
    },
  };
}
