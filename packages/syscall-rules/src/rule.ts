import type { ConditionNode } from './condition/ast.ts';
import type { Check } from './compile/comparison.ts';
import type { Priority } from './documents/item.ts';
import type { Template } from './output/template.ts';

/** A rule ready to decide. */
export type Rule = {
  readonly name: string;
  /** The tag `palisade_R…` where the rule is ours; otherwise the name. */
  readonly id: string;
  readonly desc: string;
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly enabled: boolean;
  readonly file: string;
  readonly line: number;
  /** Macros, lists and exceptions in place. */
  readonly condition: ConditionNode;
  /** Ids of the event types it can be true for; see event-types/table.ts. */
  readonly eventTypes: readonly number[];
  /** Fields the condition reads, as written. */
  readonly fields: readonly string[];
  readonly check: Check;
  readonly output: Template;
};
