import { z } from 'zod';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Detection } from '@palisade/model/detection';
import { messageOf } from '@palisade/model/error';
import type { Response } from '@palisade/model/response';
import type { ResponseAction } from '@palisade/model/response-policy';
import type { Asked } from '@palisade/verdict/response/compile';
import type { Match } from '../runtime/detections.ts';
import type { Request } from '../sensor/warden.ts';
import type { Effect, Effects } from './effects.ts';
import type { Done, Records } from './records.ts';

/** What evidence is gathered of. `container`: full id. */
export type Collecting = { readonly reason: string; readonly detection?: string | undefined; readonly match?: Match | undefined; readonly container?: string | undefined; readonly process?: Response['process'] | undefined };

export type ActorOptions = {
  readonly engine: ContainerEngine;
  readonly effects: Effects;
  readonly records: Records;
  request(request: Request): Promise<void>;
  /** `read` is called when everything fleeting has been read: the process may be ended then. */
  collect(what: Collecting, read?: () => void): Promise<string>;
  acted(detection: string, action: Detection['action']): void;
  /** Brings the kernel's lists to what is wanted after an exception was made. */
  reconcile(): void;
  now(): number;
  log(message: string): void;
};

const killSignal = 9;
const stopSignal = 19;
const esrch = 3;
/** Collections for one container within the window; evidence of more would push out what came first. */
const collectBudget = { count: 3, windowMs: 10 * 60_000 } as const;

type Result = Pick<Done, 'result' | 'message'>;
/** Order in which several actions of one rule are done: what stops harm first; evidence while the process still exists. */
const order: readonly ResponseAction[] = ['isolate', 'collect', 'kill-process', 'pause', 'kill', 'stop'];

const fullId = z.string().regex(/^[0-9a-f]{64}$/, 'a full container id');
const OnContainer = z.object({ container: fullId, by: z.string().max(300).default('console') });
const ToCollect = z.object({ container: fullId.optional(), detection: z.string().max(100).optional(), by: z.string().max(300).default('console'), process: z.object({ pid: z.number().int().min(2), start: z.number().positive(), name: z.string(), path: z.string() }).optional() });
const ToAllow = z.object({ key: z.string().max(300), minutes: z.number().int().min(1).max(7 * 24 * 60).default(60) });

/** Does single actions on this node and takes them back. */
export function createActor({ engine, effects, records, request, collect, acted, reconcile, now, log }: ActorOptions) {
  const collected = new Map<string, number[]>();
  const running = new Map<string, Promise<void>>();

  /** One after another: two rules that match at once must not ask a slow engine for the same thing twice. */
  async function inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const mine = (running.get(key) ?? Promise.resolve()).then(work, work);
    running.set(key, mine);
    try {
      await mine;
    } finally {
      if (running.get(key) === mine) running.delete(key);
    }
  }

  async function perform(action: ResponseAction, match: Match, detection: string, freeze: boolean, read: () => void): Promise<Result> {
    const { container, process } = match;
    try {
      switch (action) {
        case 'kill-process':
          if (process === undefined) return { result: 'failed', message: 'the process is not known' };
          await request({ op: 'signal', pid: process.pid, start: process.start, signalNumber: killSignal });
          return { result: 'done' };
        case 'isolate':
          if (container === undefined) return { result: 'failed', message: 'on the node itself: there is no container to isolate' };
          await request({ op: 'isolate', text: container.slice(0, 12) });
          return { result: 'done' };
        case 'collect': {
          if (overBudget(container ?? 'host')) return { result: 'skipped', message: `evidence of this container was collected ${collectBudget.count} times within ten minutes` };
          // What is to be killed stands still while it is looked at, and does no more harm.
          if (freeze && process !== undefined) await request({ op: 'signal', pid: process.pid, start: process.start, signalNumber: stopSignal });
          return { result: 'done', message: await collect({ reason: match.rule, detection, match, container, process }, read) };
        }
        case 'pause':
        case 'stop':
        case 'kill':
          if (container === undefined) return { result: 'failed', message: `on the node itself: there is no container to ${action}` };
          await engine.act(container, action);
          return { result: 'done' };
        default:
          return { result: 'done' };
      }
    } catch (error) {
      return failure(error);
    }
  }

  function overBudget(container: string): boolean {
    const times = (collected.get(container) ?? []).filter((at) => now() - at < collectBudget.windowMs);
    const over = times.length >= collectBudget.count;
    if (!over) times.push(now());
    collected.set(container, times);
    return over;
  }

  async function inForce(action: ResponseAction, container: string | undefined): Promise<boolean> {
    if (container === undefined) return false;
    if (action === 'isolate') return effects.find('isolated', container) !== undefined;
    if (action !== 'pause' || effects.find('paused', container) === undefined) return false;
    // Somebody may have let it go on past us.
    const present = await engine.container(container).catch(() => undefined);
    if (present === undefined || present.state === 'paused') return true;
    settle('paused', container, 'engine');
    return false;
  }

  async function one(action: ResponseAction, detection: string, match: Match, asked: Asked, read: () => void = () => undefined): Promise<void> {
    const started = now();
    const base = { key: `${action === 'kill-process' || action === 'collect' ? detection : ''} ${match.container ?? ''}`, at: started, action: action as Done['action'], policy: { name: asked.policy, rule: asked.rule }, detection, rule: match.rule, ...target(match) };
    if (!asked.enforce) {
      records.add({ ...base, result: 'would' });
      return;
    }
    const word = words[action];
    // In force by an earlier response: asking again would only fail, and there is nothing new to take back.
    if (await inForce(action, match.container)) {
      if (word !== undefined) acted(detection, word);
      return;
    }
    const result = await perform(action, match, detection, asked.actions.includes('kill-process'), read);
    const undo = result.result !== 'done' ? undefined : action === 'pause' ? ('unpause' as const) : action === 'isolate' ? ('reconnect' as const) : undefined;
    const deadline = undo === undefined || asked.undoAfter === undefined ? undefined : started + asked.undoAfter;
    const response = records.add({ ...base, ...result, tookMs: now() - match.at, ...(undo === undefined ? {} : { undo }), ...(deadline === undefined ? {} : { deadline: new Date(deadline).toISOString() }) });
    if (undo !== undefined && match.container !== undefined) effects.put({ kind: action === 'pause' ? 'paused' : 'isolated', container: match.container, response, ...(deadline === undefined ? {} : { deadline }) });
    if (word !== undefined && result.result === 'done') acted(detection, word);
    if (result.result === 'failed') log(`response ${action} of ${asked.policy}/${asked.rule} failed: ${result.message ?? ''}`);
  }

  async function undo(kind: Effect['kind'], container: string, by: string): Promise<void> {
    if (kind === 'paused') await engine.act(container, 'unpause');
    else await request({ op: 'reconnect', text: container.slice(0, 12) });
    settle(kind, container, by);
  }

  function settle(kind: Effect['kind'], container: string, by: string): void {
    const effect = effects.find(kind, container);
    effects.drop(kind, container);
    if (effect?.response !== undefined) records.again({ ...effect.response, undone: { at: new Date(now()).toISOString(), by } });
  }

  const commands: Readonly<Record<string, (body: unknown) => Promise<string | undefined>>> = {
    async isolate(body) {
      const { container } = OnContainer.parse(body);
      await request({ op: 'isolate', text: container.slice(0, 12) });
      if (effects.find('isolated', container) === undefined) effects.put({ kind: 'isolated', container });
      return undefined;
    },
    async reconnect(body) {
      const { container, by } = OnContainer.parse(body);
      await undo('isolated', container, by);
      return undefined;
    },
    async unpause(body) {
      const { container, by } = OnContainer.parse(body);
      await undo('paused', container, by);
      return undefined;
    },
    async collect(body) {
      const { container, detection, process, by } = ToCollect.parse(body);
      return collect({ reason: `asked for by ${by}`, detection, container, process });
    },
    async allow(body) {
      const { key, minutes } = ToAllow.parse(body);
      effects.except(key, now() + minutes * 60_000);
      reconcile();
      return `allowed for ${minutes} min, then denied again`;
    },
  };

  return {
    target,
    knows: (kind: string) => Object.hasOwn(commands, kind),
    async command(kind: string, body: unknown): Promise<string | undefined> {
      const run = Object.hasOwn(commands, kind) ? commands[kind] : undefined;
      if (run === undefined) throw new Error(`unknown command "${kind}"`);
      return run(body);
    },
    async act(detection: string, match: Match, asked: readonly Asked[]): Promise<void> {
      const pending: Promise<void>[] = [];
      for (const wish of asked) {
        for (const action of order) {
          if (!wish.actions.includes(action)) continue;
          if (action !== 'collect' && (action === 'kill-process' || match.container === undefined)) await one(action, detection, match, wish);
          else if (action !== 'collect') await inTurn(`${action} ${match.container}`, () => one(action, detection, match, wish));
          else {
            // What follows waits until the process has been looked at, not until the evidence is written.
            await new Promise<void>((read) => {
              pending.push(one(action, detection, match, wish, read).finally(read));
            });
          }
        }
      }
      await Promise.all(pending);
    },
    /** The container is gone: nothing of it is left to be taken back. */
    gone(container: string): void {
      if (effects.find('isolated', container) !== undefined) request({ op: 'reconnect', text: container.slice(0, 12) }).catch(() => undefined); // its entry may be gone with the sensor
      for (const kind of ['paused', 'isolated'] as const) effects.drop(kind, container);
      collected.delete(container);
    },
    tick(): void {
      for (const effect of effects.all) {
        if (effect.deadline === undefined || effect.deadline > now()) continue;
        // Taken out first: a try each second for an engine that is away would fill the log.
        effects.put({ ...effect, deadline: now() + 30_000 });
        undo(effect.kind, effect.container, 'deadline').catch((error: unknown) => {
          if (failure(error).result === 'gone') settle(effect.kind, effect.container, 'deadline');
          else log(`${effect.kind} container ${effect.container.slice(0, 12)} not taken back yet: ${messageOf(error)}`);
        });
      }
    },
  };
}

const words: Partial<Record<ResponseAction, Detection['action']>> = { 'kill-process': 'killed', pause: 'paused', stop: 'stopped', kill: 'stopped', isolate: 'isolated' };

/** Whom a response was about. */
function target(match: Match): Pick<Done, 'container' | 'containerName' | 'image' | 'namespace' | 'project' | 'process'> {
  const { container, containerName, image, namespace, project, process } = match;
  return {
    ...(container === undefined ? {} : { container }), ...(containerName === undefined ? {} : { containerName }), ...(image === undefined ? {} : { image }),
    ...(namespace === undefined ? {} : { namespace }), ...(project === undefined ? {} : { project }), ...(process === undefined ? {} : { process }),
  };
}

/** Whether something failed, or its target had ended already. */
function failure(error: unknown): { readonly result: 'gone' | 'failed'; readonly message: string } {
  const message = messageOf(error).slice(0, 500);
  const errno = (error as { detail?: { errno?: unknown } }).detail?.errno;
  const status = (error as { detail?: { status?: unknown } }).detail?.status;
  return { result: errno === esrch || status === 404 || /not running|no such container/i.test(message) ? 'gone' : 'failed', message };
}
