import { parseDuration } from '@palisade/model/duration';
import { documentOf } from '@palisade/model/document';
import { z } from 'zod';

const duration = z.string().refine((text) => (parseDuration(text) ?? 0) > 0 && (parseDuration(text) ?? 0) <= 86_400_000, 'a duration up to a day, such as 10s or 5m');
const text = z.string().min(1).max(65_536);

/** What Falco's language has not: conditions on how often, how many, how much and in which order. docs/rules.md. */
export const WindowedRule = z.strictObject({
  rule: text,
  desc: text,
  /** A Falco condition; macros and lists come from the rule files loaded with it. */
  condition: text,
  /** Fields whose values say what belongs together. */
  key: z.array(text).min(1).max(8),
  within: duration,
  /** So many events (or so many different values of `distinct`). */
  count: z.number().int().min(1).max(100_000).default(1),
  distinct: z.array(text).max(4).optional(),
  /** The sum of a number field over the window. */
  sum: z.strictObject({ field: text, atLeast: z.number().positive() }).optional(),
  /** Only after this other condition was true for the same key, at most `within` before. */
  after: text.optional(),
  /** So many events of `after` there must have been. */
  afterCount: z.number().int().min(1).max(1000).default(1),
  /** The fields of the `after` event that must equal the first of `key`, one by one. Default: `key`. */
  afterKey: z.array(text).min(1).max(8).optional(),
  /** Not when this condition was true for the same key, at most `within` before. */
  unless: text.optional(),
  unlessKey: z.array(text).min(1).max(8).optional(),
  /** The gaps between events are alike: standard deviation at most this share of their mean. */
  regular: z.strictObject({ spread: z.number().positive().max(1), atLeast: duration }).optional(),
  output: text,
  priority: text,
  tags: z.array(text).default([]),
  enabled: z.boolean().default(true),
});
export type WindowedRule = z.infer<typeof WindowedRule>;

export const WindowedRules = documentOf('WindowedRules', z.strictObject({ rules: z.array(WindowedRule).max(1000) }));
