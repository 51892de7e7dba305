import { z } from 'zod';
import { RulePriority } from './detection.ts';
import { documentOf } from './document.ts';
import { Text } from './text.ts';

/** What a rule of a response policy may ask for. `prevent`: the kernel denies the exec; only for rules it decides alone. */
export const responseActions = ['alert', 'kill-process', 'pause', 'stop', 'kill', 'isolate', 'collect', 'prevent'] as const;
export type ResponseAction = (typeof responseActions)[number];

const ruleId = z.string().min(1).max(100);
const glob = z.string().min(1).max(500);
const globs = z.array(glob).min(1).max(100);

/** Where it holds; `*` is a glob within the value. The empty place is every container and, for rules, the nodes themselves. */
const Place = z.strictObject({ cluster: glob.optional(), namespace: glob.optional(), project: glob.optional(), workload: glob.optional(), image: glob.optional(), container: glob.optional() });
export type ResponsePlace = z.infer<typeof Place>;

const When = z
  .strictObject({ rules: globs.optional(), priority: RulePriority.optional(), tags: globs.optional(), process: glob.optional() })
  .refine((when) => Object.values(when).some((value) => value !== undefined), 'when is empty: a response to everything is refused; write rules: ["*"] if that is meant');

export const ResponseRule = z.strictObject({
  id: ruleId,
  /** All that stand must be true. `rules`: names or ids; `priority`: this or worse; `tags`: one of them. */
  when: When,
  where: Place.default({}),
  then: z.array(z.enum(responseActions)).min(1).max(responseActions.length),
  /** A pause or an isolation is taken back by itself after so long. */
  undoAfter: z.string().regex(/^[1-9]\d{0,4}[smhd]$/, 'a number and s, m, h or d, such as 30m').optional(),
  because: Text.optional(),
});
export type ResponseRule = z.infer<typeof ResponseRule>;

/** Execs denied before their first instruction, decided in the kernel. Paths and names hold in every container of the node. */
export const DenyRule = z
  .strictObject({
    id: ruleId,
    where: Place.default({}),
    paths: z.array(z.string().regex(/^\//, 'an absolute path')).max(200).default([]),
    names: z.array(z.string().regex(/^[^/]+$/, 'a file name without a folder')).max(200).default([]),
    /** Only files of the image may run: what was written after it is denied. */
    imageOnly: z.boolean().default(false),
    /** Programs that exist in memory only are denied. */
    memory: z.boolean().default(false),
    because: Text.optional(),
  })
  .refine((rule) => rule.paths.length + rule.names.length > 0 || rule.imageOnly || rule.memory, 'nothing is denied: give paths, names, imageOnly or memory');
export type DenyRule = z.infer<typeof DenyRule>;

/** New containers wait at their first program until their image is known well enough, or the deadline passes. */
export const HoldRule = z.strictObject({
  id: ruleId,
  where: Place.default({}),
  until: z.enum(['scanned', 'allowed']),
  seconds: z.number().int().min(1).max(60),
  /** What happens when the deadline passes, and with an image that is denied. */
  otherwise: z.enum(['release', 'kill']),
  because: Text.optional(),
});
export type HoldRule = z.infer<typeof HoldRule>;

/** What the agents do by themselves; see docs/response.md. */
export const ResponsePolicy = documentOf(
  'ResponsePolicy',
  z.strictObject({
    /** `monitor`: nothing is done, and what would have been done is recorded. */
    mode: z.enum(['monitor', 'enforce']),
    rules: z.array(ResponseRule).max(200).default([]),
    deny: z.array(DenyRule).max(100).default([]),
    hold: z.array(HoldRule).max(20).default([]),
  }),
);
export type ResponsePolicy = z.infer<typeof ResponsePolicy>;
