import { z } from 'zod';
import { documentOf } from './document.ts';
import { Text } from './text.ts';

const decision = z.enum(['allow', 'warn', 'deny']);

export const GateRule = z.strictObject({
  id: z.string().min(1),
  when: z.string().min(1),
  then: decision,
  because: Text.optional(),
});
export type GateRule = z.infer<typeof GateRule>;

/** Which images may pass. `when` is CEL over image, finding, scan and workload; see docs/gate-policy.md. */
export const GatePolicy = documentOf(
  'GatePolicy',
  z.strictObject({
    mode: z.enum(['monitor', 'warn', 'enforce']),
    onUnknown: decision.default('warn'),
    onPartial: decision.default('warn'),
    maxFeedAge: z.string().regex(/^\d+[hdw]$/, 'a number and h, d or w, such as 7d').optional(),
    content: z.enum(['any', 'verified']).default('any'),
    rules: z.array(GateRule).default([]),
  }),
);
export type GatePolicy = z.infer<typeof GatePolicy>;
