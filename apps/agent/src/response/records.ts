import { deterministicId } from '@palisade/model/id';
import type { Response } from '@palisade/model/response';

/** A response before it is counted. `key`: what makes it the same again, beside node, policy and action. */
export type Done = Omit<Response, 'id' | 'at' | 'lastAt' | 'count'> & { readonly key: string; readonly at: number };

export type Records = {
  /** The id a response has or will have. */
  idOf(done: Pick<Done, 'policy' | 'action' | 'key' | 'at'>): string;
  /** Tells the first of its kind at once, counts the others. */
  add(done: Done): Response;
  /** Tells a response anew: it was taken back, or ended. */
  again(response: Response): void;
  /** Call each second: counts that grew are told. */
  tick(): void;
  flush(): void;
};

const windowMs = 10 * 60_000;
const retellMs = 10_000;
const maxOpen = 2000;

/** Makes records of what was done: the same within ten minutes is one, with a count; nothing is dropped. */
export function createRecords(node: string, tell: (response: Response) => void, now: () => number): Records {
  const open = new Map<string, { response: Response; untold: number; toldAt: number; window: number }>();
  const idOf: Records['idOf'] = (done) => deterministicId('rsp', node, done.policy?.name ?? '', done.policy?.rule ?? '', done.action, done.key, String(Math.floor(done.at / windowMs)));
  const retell = (one: { response: Response; untold: number; toldAt: number }): void => {
    tell({ ...one.response, count: one.untold });
    one.untold = 0;
    one.toldAt = now();
  };
  return {
    idOf,
    add(done) {
      const { key: _, at, ...rest } = done;
      const id = idOf(done);
      const moment = new Date(at).toISOString();
      const known = open.get(id);
      if (known?.response.result === 'asked' && done.result !== 'asked') {
        // The same thing has come to its end; what could be taken back while it lasted can't be any more.
        const { undo: __, ...kept } = known.response;
        known.response = { ...kept, ...rest, lastAt: moment };
        tell({ ...known.response, count: 0 });
        return known.response;
      }
      if (known !== undefined) {
        known.untold += 1;
        known.response = { ...known.response, lastAt: moment };
        // Another outcome than before is news; that what was ended is gone is none.
        if (known.response.result !== done.result && !(known.response.result === 'done' && done.result === 'gone')) {
          known.response = { ...known.response, ...rest };
          retell(known);
        }
        return known.response;
      }
      const response: Response = { ...rest, id, at: moment, lastAt: moment, count: 1 };
      if (open.size >= maxOpen) {
        const oldest = open.entries().next().value;
        if (oldest !== undefined) {
          if (oldest[1].untold > 0) retell(oldest[1]);
          open.delete(oldest[0]);
        }
      }
      open.set(id, { response, untold: 0, toldAt: now(), window: Math.floor(at / windowMs) });
      tell(response);
      return response;
    },
    again(response) {
      const known = open.get(response.id);
      if (known !== undefined) known.response = response;
      tell({ ...response, count: 0 });
    },
    tick() {
      const time = now();
      for (const [id, one] of open) {
        if (one.untold > 0 && time - one.toldAt >= retellMs) retell(one);
        if (one.untold === 0 && Math.floor(time / windowMs) > one.window) open.delete(id);
      }
    },
    flush() {
      for (const one of open.values()) if (one.untold > 0) retell(one);
    },
  };
}
