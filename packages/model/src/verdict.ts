import { z } from 'zod';

/** The answer of the one evaluator. `findings` hold finding ids; `waived` names who was let through by what. */
export const Verdict = z.object({
  result: z.enum(['none', 'allow', 'warn', 'deny']),
  reasons: z.array(
    z.object({
      policy: z.string(),
      rule: z.string(),
      result: z.enum(['warn', 'deny']).optional(),
      because: z.object({ en: z.string(), 'zh-CN': z.string() }).optional(),
      findings: z.array(z.string()),
    }),
  ),
  waived: z.array(z.object({ finding: z.string(), waiver: z.string(), reason: z.string(), until: z.string().optional() })),
  /** Waivers that did nothing: expired, or matching no finding. */
  unusedWaivers: z.array(z.object({ waiver: z.string(), state: z.enum(['expired', 'unmatched']), detail: z.string() })).optional(),
});
export type Verdict = z.infer<typeof Verdict>;
