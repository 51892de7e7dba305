import type { Check } from '../compile/comparison.ts';
import type { ConditionNode } from '../condition/ast.ts';
import type { Event } from '../event.ts';
import { RecentMap } from './recent-map.ts';

/** Another condition of a windowed rule, and the key under which it is remembered. `mainKey`: what of the rule's own event must equal it, where that is not its whole key. */
export type MarkRule = { readonly check: Check; readonly eventTypes: readonly number[]; readonly condition: ConditionNode; key(event: Event): string; readonly mainKey: ((event: Event) => string) | undefined };

/** When a condition was true the last `count` times, by key; of more than `limit` keys the one unused longest goes. */
export class Marks {
  private readonly times: RecentMap<number[]>;
  private readonly count: number;

  constructor(limit: number, count = 1) {
    this.times = new RecentMap(limit);
    this.count = count;
  }

  /** Keys that went for space. */
  get forgotten(): number {
    return this.times.forgotten;
  }

  set(key: string, time: number): void {
    const times = this.times.use(key, none);
    if (times.length < this.count) times.push(time);
    else if (this.count === 1) times[0] = time;
    else {
      times.shift();
      times.push(time);
    }
  }

  /** True when the condition was true for `key` often enough, at most `within` ns before `time`. */
  within(key: string, time: number, within: number): boolean {
    const times = this.times.peek(key);
    return times !== undefined && times.length === this.count && time - (times[0] as number) <= within;
  }
}

const none = (): number[] => [];
