import type { Event } from './event.ts';
import { eventTypes } from './event-types/table.ts';
import type { Rule } from './rule.ts';

const none: readonly Rule[] = [];

export type RuleEngine = {
  /** The rules that are true of the event, in file order. The array is reused when empty; a match makes a new one. */
  decide(event: Event): readonly Rule[];
  /** Ids of the event types any enabled rule can be true for: the rest need not be recorded. */
  readonly eventTypes: readonly number[];
  readonly rules: readonly Rule[];
};

/** Indexes enabled rules by event type: an event is asked only of those that can be true for it. */
export function createRuleEngine(rules: readonly Rule[]): RuleEngine {
  const enabled = rules.filter((rule) => rule.enabled);
  const byType: Rule[][] = eventTypes.map((type) => enabled.filter((rule) => rule.eventTypes.includes(type.id)));
  return {
    rules: enabled,
    eventTypes: eventTypes.filter((type) => (byType[type.id]?.length ?? 0) > 0).map((type) => type.id),
    decide(event) {
      const candidates = byType[event.type];
      if (candidates === undefined) return none;
      let matched: Rule[] | undefined;
      for (let index = 0; index < candidates.length; index += 1) {
        const rule = candidates[index] as Rule;
        if (rule.check(event)) (matched ??= []).push(rule);
      }
      return matched ?? none;
    },
  };
}
