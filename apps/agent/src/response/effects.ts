import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Response } from '@palisade/model/response';

/** Something that lasts until it is taken back. `response` absent: somebody asked for it by hand. */
const Effect = z.object({ kind: z.enum(['paused', 'isolated']), container: z.string(), response: Response.optional(), deadline: z.number().optional() });
export type Effect = z.infer<typeof Effect>;
/** An entry of the kernel's lists that is left out for a while. Times in ms since 1970. */
const Exception = z.object({ key: z.string(), until: z.number() });

const Memory = z.object({ effects: z.array(Effect), exceptions: z.array(Exception), applied: z.array(z.string()) });
type Memory = z.infer<typeof Memory>;

export type Effects = {
  readonly all: readonly Effect[];
  find(kind: Effect['kind'], container: string): Effect | undefined;
  put(effect: Effect): void;
  drop(kind: Effect['kind'], container: string): void;
  /** Entries of the kernel's lists now left out. */
  excepted(key: string, now: number): boolean;
  except(key: string, until: number): void;
  /** Forgets what has passed; true when there was something. */
  expire(now: number): boolean;
  /** What lies in the kernel's pinned lists by our doing. */
  applied: readonly string[];
};

/** Keeps on disk what is in force on this node, so that a restarted agent can hold it up and take it back. */
export function openEffects(folder: string, damaged: (reason: string) => void): Effects {
  const file = path.join(folder, 'response.json');
  const memory = recall(file, damaged);
  const save = (): void => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.fresh`, JSON.stringify(memory), { mode: 0o600 });
    renameSync(`${file}.fresh`, file);
  };
  const others = (kind: Effect['kind'], container: string): Effect[] => memory.effects.filter((one) => one.kind !== kind || one.container !== container);
  return {
    get all() {
      return memory.effects;
    },
    find: (kind, container) => memory.effects.find((one) => one.kind === kind && one.container === container),
    put(effect) {
      memory.effects = [...others(effect.kind, effect.container), effect];
      save();
    },
    drop(kind, container) {
      const left = others(kind, container);
      if (left.length === memory.effects.length) return;
      memory.effects = left;
      save();
    },
    excepted: (key, now) => memory.exceptions.some((one) => one.key === key && one.until > now),
    except(key, until) {
      memory.exceptions = [...memory.exceptions.filter((one) => one.key !== key), { key, until }];
      save();
    },
    expire(now) {
      const left = memory.exceptions.filter((one) => one.until > now);
      if (left.length === memory.exceptions.length) return false;
      memory.exceptions = left;
      save();
      return true;
    },
    get applied() {
      return memory.applied;
    },
    set applied(keys) {
      if (keys.length === memory.applied.length && keys.every((key, index) => key === memory.applied[index])) return;
      memory.applied = [...keys];
      save();
    },
  };
}

function recall(file: string, damaged: (reason: string) => void): Memory {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return { effects: [], exceptions: [], applied: [] }; // the first start
  }
  const read = Memory.safeParse(parsed(text));
  if (read.success) return read.data;
  damaged(`${file} is damaged: what was paused or isolated before can only be taken back by hand`);
  return { effects: [], exceptions: [], applied: [] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
