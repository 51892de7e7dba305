import type { Denial } from '@palisade/verdict/response/compile';
import type { EventPlace } from '@palisade/verdict/response/place';
import { messageOf } from '@palisade/model/error';
import type { Request } from '../sensor/warden.ts';
import type { Effects } from './effects.ts';

/** Bits of sensor/request.h. */
const bits = { upper: 1, memfd: 2, containers: 8 } as const;

/** Who asked for an entry of the kernel's lists. */
export type Asker = { readonly policy: string; readonly rule: string };

export type Prevention = {
  /** Brings the kernel's lists to what is wanted; answers what it refused, each with its reason. */
  reconcile(): Promise<readonly string[]>;
  /** The sensor was started anew: its lists are empty, unless they are pinned. */
  armed(pinned: boolean): void;
  want(denials: readonly Denial[]): void;
  /** A container is there, or gone: what holds for some containers follows. */
  place(container: string, place: EventPlace | undefined): void;
  /** The entry behind a denied exec, and who asked for it. */
  whose(denied: { readonly cause: number; readonly container: string; readonly path: string; readonly comm: string }): { readonly key: string; readonly asker: Asker } | undefined;
};

export type PreventionOptions = { request(request: Request): Promise<void>; readonly effects: Effects; now(): number };

/** An entry taken over from the sensor before; its flags are not known. */
const inherited = -1;
/** Ms that entries taken over stay although nobody has told of their container yet: the engine is asked for all of them first. */
const patience = 60_000;

/** Keeps the kernel's deny lists as the policies want them. Keys are "op text"; values the flags. */
export function createPrevention({ request, effects, now }: PreventionOptions): Prevention {
  let denials: readonly Denial[] = [];
  let applied = new Map<string, number>();
  const places = new Map<string, EventPlace>();
  let wanted = new Map<string, { flags: number; asker: Asker }>();
  let since = now();
  let running: Promise<readonly string[]> = Promise.resolve([]);

  function compute(): void {
    wanted = new Map();
    const add = (key: string, flags: number, denial: Denial): void => {
      const known = wanted.get(key);
      // A list entry for containers only is narrower than one for everything: the wider of two holds.
      const joined = known === undefined ? flags : (known.flags | flags) & ~((known.flags & flags & bits.containers) === 0 ? bits.containers : 0);
      wanted.set(key, { flags: joined, asker: known?.asker ?? { policy: denial.policy, rule: denial.rule } });
    };
    for (const denial of denials) {
      if (!denial.enforce) continue;
      const { entry } = denial;
      const flags = (entry.upper === true ? bits.upper : 0) | (entry.memfd === true ? bits.memfd : 0) | (entry.op !== 'denyContainer' && entry.containers === true ? bits.containers : 0);
      if (entry.op !== 'denyContainer' || denial.everywhere) add(`${entry.op} ${entry.text}`, flags, denial);
      else for (const [container, place] of places) if (denial.applies(place)) add(`denyContainer ${container.slice(0, 12)}`, flags, denial);
    }
  }

  const isPlaced = (short: string): boolean => [...places.keys()].some((container) => container.startsWith(short));

  async function bring(): Promise<readonly string[]> {
    compute();
    const refused: string[] = [];
    const ask = async (op: Request['op'], text: string, flags: number): Promise<boolean> => {
      try {
        await request({ op, text, flags });
        return true;
      } catch (error) {
        refused.push(`${op} ${text === '' ? '(every container)' : text}: ${messageOf(error)}`);
        return false;
      }
    };
    for (const key of applied.keys()) {
      if (wanted.has(key) && !effects.excepted(key, now())) continue;
      const [op, text] = split(key);
      if (applied.get(key) === inherited && op === 'denyContainer' && text !== '' && !isPlaced(text) && now() < since + patience) continue;
      // An entry that is not there any more is what is wanted.
      await request({ op: op.replace('deny', 'allow') as Request['op'], text }).catch(() => undefined);
      applied.delete(key);
    }
    for (const [key, { flags }] of wanted) {
      if (effects.excepted(key, now()) || applied.get(key) === flags) continue;
      const [op, text] = split(key);
      if (await ask(op as Request['op'], text, flags)) applied.set(key, flags);
    }
    effects.applied = [...applied.keys()];
    return refused;
  }

  return {
    reconcile: () => (running = running.then(bring, bring)),
    armed(pinned) {
      since = now();
      applied = new Map(pinned ? effects.applied.map((key) => [key, inherited]) : []);
    },
    want(next) {
      denials = next;
    },
    place(container, place) {
      if (place === undefined) places.delete(container);
      else places.set(container, place);
    },
    whose({ cause, container, path, comm }) {
      const keys = cause === 3 ? [`denyPath ${path}`] : cause === 4 ? [`denyComm ${comm}`] : cause === 2 ? [`denyName ${path.slice(path.lastIndexOf('/') + 1)}`] : [`denyContainer ${container.slice(0, 12)}`, 'denyContainer '];
      for (const key of keys) {
        const asker = wanted.get(key)?.asker;
        if (asker !== undefined) return { key, asker };
      }
      return undefined;
    },
  };
}

function split(key: string): [string, string] {
  const blank = key.indexOf(' ');
  return [key.slice(0, blank), key.slice(blank + 1)];
}
