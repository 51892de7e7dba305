import type { Check } from '../compile/comparison.ts';
import type { ConditionNode } from '../condition/ast.ts';
import type { Event } from '../event.ts';

/** Another condition of a windowed rule, and the key under which it is remembered. */
export type MarkRule = { readonly check: Check; readonly eventTypes: readonly number[]; readonly condition: ConditionNode; key(event: Event): string };

/** When a condition was last true, by key; of more than `limit` keys the one unused longest goes. */
export class Marks {
  private readonly times = new Map<string, number>();
  private readonly limit: number;
  /** Keys that went for space. */
  forgotten = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  set(key: string, time: number): void {
    // Put back at the end: the map's order is that of last use.
    if (!this.times.delete(key) && this.times.size >= this.limit) {
      const oldest = this.times.keys().next().value;
      if (oldest !== undefined) this.times.delete(oldest);
      this.forgotten += 1;
    }
    this.times.set(key, time);
  }

  /** True when the condition was true for `key` at most `within` ns before `time`. */
  within(key: string, time: number, within: number): boolean {
    const last = this.times.get(key);
    return last !== undefined && time - last <= within;
  }
}
