import { createCandidates } from './compile/candidates.ts';
import type { Check } from './compile/comparison.ts';
import { classOf, classesOf } from './compile/event-class.ts';
import { createClassCompiler } from './compile/fast-path.ts';
import type { Event } from './event.ts';
import { eventTypes } from './event-types/table.ts';
import type { FieldContext } from './fields/field.ts';
import type { Rule } from './rule.ts';

const none: readonly Rule[] = [];
/** A rule about more types than this is about everything: compiled once, not per type. */
const manyTypes = 40;

export type RuleEngine = {
  /** The rules that are true of the event, in file order. The array is reused when empty; a match makes a new one. */
  decide(event: Event): readonly Rule[];
  /** Ids of the event types any enabled rule can be true for: the rest need not be recorded. */
  readonly eventTypes: readonly number[];
  readonly rules: readonly Rule[];
};

/** `rest[i]`: what of rule i is left when its subjects let it through; undefined: nothing. */
type Candidates = { readonly rules: readonly Rule[]; readonly rest: readonly (Check | undefined)[]; of(event: Event): readonly number[] };

/** Indexes enabled rules by event type and class of event: an event is asked only what its class leaves open. */
export function createRuleEngine(rules: readonly Rule[], context: FieldContext): RuleEngine {
  const enabled = rules.filter((rule) => rule.enabled);
  const byType = eventTypes.map((type): readonly Candidates[] | undefined => candidatesOf(type.id, enabled.filter((rule) => rule.eventTypes.includes(type.id)), context));
  return {
    rules: enabled,
    eventTypes: eventTypes.filter((type) => byType[type.id] !== undefined).map((type) => type.id),
    decide(event) {
      const classes = byType[event.type];
      if (classes === undefined) return none;
      const { rules: candidates, rest, of } = classes[classOf(event)] as Candidates;
      if (rest.length === 0) return none;
      let matched: Rule[] | undefined;
      const open = of(event);
      for (let index = 0; index < open.length; index += 1) {
        const position = open[index] as number;
        const check = rest[position];
        if (check === undefined || check(event)) (matched ??= []).push(candidates[position] as Rule);
      }
      return matched ?? none;
    },
  };
}

function candidatesOf(type: number, rules: readonly Rule[], context: FieldContext): readonly Candidates[] | undefined {
  if (rules.length === 0) return undefined;
  const narrow = rules.filter((rule) => rule.eventTypes.length <= manyTypes);
  return classesOf(type).map((assumed) => {
    const compiler = createClassCompiler(narrow.map((rule) => rule.condition), assumed, { ...context, usage: 'condition', used: () => undefined });
    const kept = rules.flatMap((rule) => {
      const compiled = rule.eventTypes.length > manyTypes ? { needs: new Map(), rest: rule.check } : compiler.compile(rule.condition);
      return compiled === undefined ? [] : [{ rule, ...compiled }];
    });
    return { rules: kept.map(({ rule }) => rule), rest: kept.map(({ rest }) => rest), of: createCandidates(type, kept.map(({ needs }) => needs)) };
  });
}
