import type { Check } from '../compile/comparison.ts';
import type { ConditionNode } from '../condition/ast.ts';
import type { Event } from '../event.ts';

/** Another condition of a windowed rule, and the key under which it is remembered. `mainKey`: what of the rule's own event must equal it, where that is not its whole key. */
export type MarkRule = { readonly check: Check; readonly eventTypes: readonly number[]; readonly condition: ConditionNode; key(event: Event): string; readonly mainKey: ((event: Event) => string) | undefined };

/** When a condition was true the last `count` times, by key; of more than `limit` keys the one unused longest goes. */
export class Marks {
  private readonly times = new Map<string, number[]>();
  private readonly limit: number;
  private readonly count: number;
  /** Keys that went for space. */
  forgotten = 0;

  constructor(limit: number, count = 1) {
    this.limit = limit;
    this.count = count;
  }

  set(key: string, time: number): void {
    const known = this.times.get(key);
    // Put back at the end: the map's order is that of last use.
    if (known !== undefined) this.times.delete(key);
    else if (this.times.size >= this.limit) {
      const oldest = this.times.keys().next().value;
      if (oldest !== undefined) this.times.delete(oldest);
      this.forgotten += 1;
    }
    const times = known ?? [];
    times.push(time);
    if (times.length > this.count) times.shift();
    this.times.set(key, times);
  }

  /** True when the condition was true for `key` often enough, at most `within` ns before `time`. */
  within(key: string, time: number, within: number): boolean {
    const times = this.times.get(key);
    return times !== undefined && times.length === this.count && time - (times[0] as number) <= within;
  }
}
