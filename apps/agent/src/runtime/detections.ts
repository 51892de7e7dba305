import type { Around, Detection, TreeProcess } from '@palisade/model/detection';
import { deterministicId } from '@palisade/model/id';
import type { EventPlace } from '@palisade/verdict/response/place';

/** The same thing within so long is one detection. */
export const windowMs = 10 * 60_000;
/** Different detections one rule may make in one container within a window; beyond, they are counted in one. */
export const stormBudget = 20;
/** Most detections being counted at once over all rules and containers: the least recent is told for the last time then. */
const maxOpen = 5000;
/** A count that grew is told again this often. */
const retellMs = 10_000;
/** After so long the events after the detection are in the recorder. */
export const afterMs = 5_000;

/** What a match says before it is counted. `key`: what makes it the same thing again, beside rule and container. */
export type Match = Omit<Detection, 'id' | 'at' | 'lastAt' | 'count' | 'folded' | 'tree' | 'around'> & {
  readonly at: number;
  readonly key: string;
  /** Who did it, to be acted on; undefined where nobody is known. */
  readonly process?: { readonly pid: number; readonly start: number; readonly name: string; readonly path: string } | undefined;
  readonly place: EventPlace;
  tree(): TreeProcess[];
  around(): Around | undefined;
};

type Open = { detection: Detection; untold: number; lastAt: number; toldAt: number; around: (() => Around | undefined) | undefined };

export type Detections = {
  /** Counts a match and answers its detection's id; the first of its kind in its window is told at once. `at`: ms since 1970. */
  add(match: Match): string;
  /** The strongest thing done about a detection. */
  acted(id: string, action: Detection['action']): void;
  /** Call each second: tells counts that grew, and what the recorder holds by now. */
  tick(): void;
  /** Tells everything not told yet. */
  flush(): void;
};

/** What stops more stands above what stops less. */
function actionRank(action: Detection['action']): number {
  return ['alerted', 'killed', 'denied', 'paused', 'isolated', 'stopped'].indexOf(action);
}

/**
 * Makes detections of matches. Nothing is dropped: what exceeds the storm budget of its rule in its container is
 * counted in one detection of the window, marked as folded. `tell` gets counts to be added, never totals.
 */
export function createDetections(node: string, tell: (detection: Detection) => void, now: () => number): Detections {
  const open = new Map<string, Open>();
  const kinds = new Map<string, number>();

  function retell(one: Open): void {
    const around = one.around?.();
    tell({ ...one.detection, lastAt: new Date(one.lastAt).toISOString(), count: one.untold, ...(around === undefined ? {} : { around }) });
    one.untold = 0;
    one.toldAt = now();
  }

  function close(id: string, one: Open): void {
    if (one.untold > 0 || one.around !== undefined) retell(one);
    open.delete(id);
  }

  return {
    add(match) {
      const window = Math.floor(match.at / windowMs);
      const storm = JSON.stringify([match.container ?? '', `${match.rule}\n${match.waivedBy ?? ''}`, window]);
      let folded = false;
      let id = deterministicId('det', node, match.container ?? '', match.rule, match.waivedBy ?? '', match.key, String(window));
      let known = open.get(id);
      if (known === undefined) {
        const used = kinds.get(storm) ?? 0;
        folded = used >= stormBudget;
        if (folded) {
          id = deterministicId('det', node, match.container ?? '', match.rule, match.waivedBy ?? '', 'folded', String(window));
          known = open.get(id);
        } else kinds.set(storm, used + 1);
      }
      if (known !== undefined) {
        known.untold += 1;
        known.lastAt = Math.max(known.lastAt, match.at);
        return id;
      }
      const { key: _, process: __, place: ___, tree, around, at, ...rest } = match;
      const moment = new Date(at).toISOString();
      const detection: Detection = { ...rest, id, at: moment, lastAt: moment, count: 1, folded, tree: tree() };
      if (open.size >= maxOpen) {
        const oldest = open.entries().next().value;
        if (oldest !== undefined) close(...oldest);
      }
      open.set(id, { detection, untold: 0, lastAt: at, toldAt: now(), around });
      tell(detection);
      return id;
    },
    acted(id, action) {
      const one = open.get(id);
      if (one === undefined || actionRank(one.detection.action) >= actionRank(action)) return;
      one.detection = { ...one.detection, action };
      tell({ ...one.detection, lastAt: new Date(one.lastAt).toISOString(), count: 0 });
    },
    tick() {
      const time = now();
      for (const [id, one] of open) {
        if (one.around !== undefined && time - one.toldAt >= afterMs) {
          retell(one);
          one.around = undefined;
        } else if (one.untold > 0 && time - one.toldAt >= retellMs) retell(one);
        if (Math.floor(time / windowMs) > Math.floor(one.lastAt / windowMs) && one.around === undefined) close(id, one);
      }
      for (const storm of kinds.keys()) if ((JSON.parse(storm) as [string, string, number])[2] < Math.floor(time / windowMs)) kinds.delete(storm);
    },
    flush() {
      for (const [id, one] of open) close(id, one);
      kinds.clear();
    },
  };
}
