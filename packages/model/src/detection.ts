import { z } from 'zod';
import { Text } from './text.ts';

/** Falco's priorities, worst first; a smaller index is worse. */
export const rulePriorities = ['Emergency', 'Alert', 'Critical', 'Error', 'Warning', 'Notice', 'Informational', 'Debug'] as const;
export const RulePriority = z.enum(rulePriorities);
export type RulePriority = z.infer<typeof RulePriority>;

/** One process of a detection's tree. `start`: ns since boot. `guilty`: on the branch from the top down to the one that did it. */
export const TreeProcess = z.object({
  pid: z.number().int(), start: z.number(), parent: z.number().int().optional(), name: z.string().max(64), path: z.string().max(4096), command: z.string().max(8192),
  user: z.number().optional(), container: z.string().max(64).optional(), guilty: z.boolean(),
});
export type TreeProcess = z.infer<typeof TreeProcess>;

/** A raw event around a detection; `offset`: seconds from the moment of the detection, below zero is before. */
export const AroundEvent = z.object({
  offset: z.number(), type: z.string(), pid: z.number(), process: z.string(), user: z.number(), result: z.number().optional(), path: z.string().optional(), target: z.string().optional(),
  arguments: z.array(z.string()).optional(), peer: z.string().optional(), question: z.string().optional(), addresses: z.array(z.string()).optional(),
});
export type AroundEvent = z.infer<typeof AroundEvent>;

/** What the flight recorder held: the seconds are those really covered. `left`: events beyond the limit, not sent. */
export const Around = z.object({ secondsBefore: z.number(), secondsAfter: z.number(), dropped: z.boolean(), left: z.number().int(), events: z.array(AroundEvent).max(400) });
export type Around = z.infer<typeof Around>;

/** The strongest thing done about a detection. */
export const detectionActions = ['alerted', 'killed', 'denied', 'isolated', 'paused', 'stopped'] as const;

/**
 * A rule that matched, as an agent tells of it. The same thing within one window has the same `id` and `at`; each
 * telling adds its `count` (0: only more is known) and replaces the rest, except what it leaves out.
 * `container`: full id, absent on the host. `folded`: different things of this rule counted here because its storm
 * budget was used up. `texts`: the pack's words, where the rule has some. `facts`: what a waiver may match. `waivedBy`:
 * the waiver under which it does not count; `waiverEnded`: one that did until its end.
 */
export const Detection = z.object({
  id: z.string().min(1).max(100), at: z.iso.datetime(), lastAt: z.iso.datetime(), count: z.number().int().min(0), folded: z.boolean().default(false),
  rule: z.string().min(1).max(500), ruleId: z.string().max(500).optional(), priority: RulePriority, tags: z.array(z.string().max(200)).max(100),
  container: z.string().max(64).optional(), containerName: z.string().max(300).optional(), image: z.string().max(500).optional(), namespace: z.string().max(300).optional(), pod: z.string().max(300).optional(),
  title: Text, what: Text.optional(), why: Text.optional(), remedy: Text.optional(), output: z.string().max(20_000), fields: z.record(z.string(), z.unknown()),
  tree: z.array(TreeProcess).max(300), around: Around.optional(), action: z.enum(detectionActions).default('alerted'),
  facts: z.record(z.string(), z.array(z.string().max(8192)).max(4)).optional(), waivedBy: z.string().max(300).optional(), waiverEnded: z.string().max(300).optional(), project: z.string().max(300).optional(), workload: z.string().max(300).optional(),
});
export type Detection = z.infer<typeof Detection>;
