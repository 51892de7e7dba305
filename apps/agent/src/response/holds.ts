import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerEngine } from '@palisade/engine/engine';
import { messageOf } from '@palisade/model/error';
import type { ImageStanding } from '@palisade/model/response';
import type { HoldRule, ResponsePolicy } from '@palisade/model/response-policy';
import { held as states, holds as outcomes } from '@palisade/behaviour/decode.gen';
import { holdFor } from '@palisade/verdict/response/compile';
import type { EventPlace } from '@palisade/verdict/response/place';
import type { Request } from '../sensor/warden.ts';
import type { Done } from './records.ts';

export type Standing = ImageStanding;

export type Holds = {
  want(policies: readonly ResponsePolicy[], cluster: string): void;
  /** Asks the sensor for what is wanted. */
  apply(): void;
  armed(): void;
  /** A container the engine told of, perhaps before it runs. */
  container(id: string, place: EventPlace, image: string | undefined): void;
  /** The kernel's word on a held container: short id, one of `held`, and its first process. */
  told(id: string, state: number): void;
  release(container: string, by: string): Promise<void>;
  gone(container: string): void;
};

export type HoldsOptions = {
  request(request: Request): Promise<void>;
  readonly engine: ContainerEngine;
  /** What the console knows of an image; asks for a scan where there was none. */
  standing(image: string): Promise<Standing>;
  add(done: Done): void;
  now(): number;
  log(message: string): void;
};

type Held = { readonly since: number; rule?: HoldRule; policy?: string; place?: EventPlace; image?: string; ended: boolean; why?: string };

/** How often an image's standing is asked for while its container waits. */
const askMs = 300;

/**
 * Keeps new containers waiting at their first program as policies say. Every new container is held for a moment, since
 * only the engine knows its image; one that no rule speaks of goes on at once. The deadline itself is the kernel's.
 */
export function createHolds({ request, engine, standing, add, now, log }: HoldsOptions): Holds {
  let policies: readonly ResponsePolicy[] = [];
  let cluster = '';
  let asked = false;
  const held = new Map<string, Held>();
  const known = new Map<string, { id: string; place: EventPlace; image: string | undefined }>();
  const refused = (what: string) => (error: unknown) => log(`${what}: ${messageOf(error)}`);
  const rules = (): readonly HoldRule[] => policies.filter((policy) => policy.spec.mode === 'enforce').flatMap((policy) => policy.spec.hold);

  function note(id: string, one: Held, result: Done['result'], message: string): void {
    const container = known.get(id);
    add({
      key: id, at: one.since, action: 'hold', result, message, tookMs: now() - one.since, ...(one.policy === undefined || one.rule === undefined ? {} : { policy: { name: one.policy, rule: one.rule.id } }),
      container: container?.id ?? id, ...(one.place?.container === undefined ? {} : { containerName: one.place.container }), ...(one.place?.image === undefined ? {} : { image: one.place.image }),
      ...(one.place?.namespace === undefined ? {} : { namespace: one.place.namespace }), ...(one.place?.project === undefined ? {} : { project: one.place.project }), ...(result === 'asked' ? { undo: 'release' as const } : {}),
    });
  }

  async function letGo(id: string, one: Held, why: string): Promise<void> {
    one.why = why;
    await request({ op: 'release', text: id });
  }

  /** What the rule says for an image that is denied, and for a deadline that passed. */
  async function end(id: string, one: Held, result: 'done' | 'expired', why: string): Promise<void> {
    if (one.rule?.otherwise !== 'kill') return letGo(id, one, why);
    await engine.act(known.get(id)?.id ?? id, 'kill');
    one.ended = true;
    held.delete(id);
    note(id, one, result, `killed: ${why}`);
  }

  /** Who the held container is: from the engine's stream, or asked for. */
  async function identify(id: string, one: Held): Promise<void> {
    for (let tries = 0; tries < 20 && !known.has(id) && !one.ended; tries += 1) {
      const found = await engine.container(id).catch(() => undefined);
      if (found !== undefined) known.set(id, { id: found.id, image: found.image, place: { cluster, container: found.name, image: found.imageName, ...(found.namespace === undefined ? {} : { namespace: found.namespace }), ...(found.project === undefined ? {} : { project: found.project }), ...(found.workload === undefined ? {} : { workload: found.workload }) } });
      else await sleep(50);
    }
    const container = known.get(id);
    const hold = container === undefined ? undefined : holdFor(policies, container.place);
    if (container === undefined || hold === undefined || !hold.enforce) {
      await letGo(id, one, container === undefined ? 'no engine knows it' : 'no rule speaks of it');
      held.delete(id);
      return;
    }
    one.rule = hold.rule;
    one.policy = hold.policy;
    one.place = container.place;
    if (container.image !== undefined) one.image = container.image;
    note(id, one, 'asked', 'waits for its image to be known');
    while (!one.ended && one.why === undefined) {
      await ask(id, one);
      await sleep(askMs);
    }
  }

  async function ask(id: string, one: Held): Promise<void> {
    const { rule } = one;
    if (rule === undefined) return;
    const late = now() - one.since > rule.seconds * 1000;
    try {
      if (one.image === undefined) throw new Error('its image is not known');
      const { scanned, verdict } = await standing(one.image);
      if (one.ended) return;
      if (rule.until === 'scanned' ? scanned : verdict === 'allow' || verdict === 'warn') await letGo(id, one, rule.until === 'scanned' ? 'its image is scanned' : `the gate's verdict is ${String(verdict)}`);
      else if (rule.until === 'allowed' && verdict === 'deny') await end(id, one, 'done', 'the gate denies its image');
      else if (late) await end(id, one, 'expired', 'the deadline passed');
    } catch (error) {
      if (!one.ended && late) await end(id, one, 'expired', `the deadline passed: ${messageOf(error)}`).catch(refused(`held container ${id}`));
    }
  }

  return {
    want(next, name) {
      policies = next;
      cluster = name;
    },
    armed() {
      asked = false;
    },
    apply() {
      const all = rules();
      if (all.length > 0) {
        asked = true;
        const seconds = Math.max(...all.map((rule) => rule.seconds));
        // Whom no rule speaks of must never be killed because we died: the common deadline releases.
        request({ op: 'hold', text: '', pid: seconds * 1000, flags: outcomes.release }).catch(refused('containers are not held'));
        return;
      }
      if (!asked) return;
      asked = false;
      for (const [id, one] of held) letGo(id, one, 'no policy holds any more').catch(refused(`held container ${id}`));
      request({ op: 'unhold', text: '' }).catch(refused('containers are still held for a moment'));
    },
    container(id, place, image) {
      const short = id.slice(0, 12);
      const fresh = !known.has(short);
      known.set(short, { id, place, image });
      if (known.size > 4096) known.delete(known.keys().next().value as string);
      const hold = fresh && !held.has(short) && rules().length > 0 ? holdFor(policies, place) : undefined;
      // Before it runs: its own deadline and outcome, kept by the kernel even when we die.
      if (hold?.enforce === true) request({ op: 'hold', text: short, pid: hold.rule.seconds * 1000, flags: outcomes[hold.rule.otherwise] }).catch(refused(`container ${short} is not held with its own outcome`));
    },
    told(id, state) {
      if (state === states.stopped) {
        if (held.has(id)) return;
        const one: Held = { since: now(), ended: false };
        held.set(id, one);
        identify(id, one).catch(refused(`held container ${id}`));
        return;
      }
      const one = held.get(id);
      if (one === undefined) return;
      one.ended = true;
      held.delete(id);
      request({ op: 'unhold', text: id }).catch(() => undefined); // it had no deadline of its own
      if (one.rule === undefined) return;
      const seconds = ((now() - one.since) / 1000).toFixed(1);
      const word = { [states.released]: `released after ${seconds} s: ${one.why ?? 'by request'}`, [states.expired]: `released by the kernel at its deadline after ${seconds} s`, [states.killed]: `killed by the kernel at its deadline after ${seconds} s`, [states.gone]: `ended after ${seconds} s: ${one.why ?? 'by itself'}` }[state] ?? `state ${state}`;
      note(id, one, state === states.released || (state === states.gone && one.why !== undefined) ? 'done' : 'expired', word);
    },
    async release(container, by) {
      const id = container.slice(0, 12);
      const one = held.get(id);
      if (one === undefined) throw new Error('this container is not held');
      await letGo(id, one, `released by ${by}`);
    },
    gone(container) {
      const id = container.slice(0, 12);
      if (known.delete(id) && asked) request({ op: 'unhold', text: id }).catch(() => undefined); // it had no deadline of its own
    },
  };
}
