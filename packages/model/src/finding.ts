import { z } from 'zod';
import { Severity } from './severity.ts';
import { Text } from './text.ts';

export const findingKinds = ['vulnerability', 'misconfiguration', 'secret', 'malware', 'license'] as const;
export const FindingKind = z.enum(findingKinds);
export type FindingKind = z.infer<typeof FindingKind>;

/** One term of a priority: what it measures, what it contributed, and why. */
export const PriorityPart = z.object({ name: z.string(), value: z.number(), why: Text });
export type PriorityPart = z.infer<typeof PriorityPart>;

/** `score` runs from 0 to 100; docs/priority.md holds the formula. */
export const Priority = z.object({ score: z.number(), parts: z.array(PriorityPart) });
export type Priority = z.infer<typeof Priority>;

export const fixStates = ['fixed', 'not-fixed', 'wont-fix', 'deferred', 'unknown'] as const;

/**
 * One thing wrong, or not knowable (`answer: unknown` with its reason). `rule` is the CVE/advisory id or the
 * detector's rule id; `package` the purl; `fixed` the first version without it; `layer` a diff id.
 */
export const Finding = z.object({
  id: z.string(),
  kind: FindingKind,
  rule: z.string(),
  severity: Severity,
  answer: z.enum(['affected', 'unknown']),
  reason: z.string().optional(),
  package: z.string().optional(),
  fixed: z.string().optional(),
  fixState: z.enum(fixStates).optional(),
  layer: z.string().optional(),
  instruction: z.string().optional(),
  path: z.string().optional(),
  /** Diff id of the layer that deleted the file again: still in the image's bytes, not in its file system. */
  removed: z.string().optional(),
  aliases: z.array(z.string()).optional(),
  cvss: z.object({ vector: z.string(), score: z.number() }).optional(),
  epss: z.number().optional(),
  kev: z.boolean().optional(),
  /** Masked evidence: a piece of the file or setting that a person can recognise; never a whole secret. */
  evidence: z.string().optional(),
  priority: Priority,
  title: Text,
  description: Text.optional(),
  remedy: Text.optional(),
  references: z.array(z.string()),
});
export type Finding = z.infer<typeof Finding>;
