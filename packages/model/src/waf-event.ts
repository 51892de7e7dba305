import { z } from 'zod';
import { Gap } from './gap.ts';

export const wafModes = ['off', 'detect', 'block'] as const;
export const wafActions = ['passed', 'logged', 'blocked'] as const;

/** One request that the web application firewall had something to say about. Texts are UTF-8; secrets are masked where they arise. */
export const WafEvent = z.object({
  time: z.iso.datetime(),
  /** The reference that a blocked person is shown. */
  id: z.string().min(1).max(100),
  site: z.string().max(500),
  client: z.string().max(100),
  method: z.string().max(100),
  host: z.string().max(1000),
  path: z.string().max(8192),
  mode: z.enum(wafModes),
  action: z.enum(wafActions),
  status: z.number().int(),
  scores: z.object({ total: z.number(), bySeverity: z.record(z.string(), z.number()) }),
  matches: z
    .array(z.object({ rule: z.number(), msg: z.string().max(2000), tags: z.array(z.string().max(200)).max(100), severity: z.string().max(20), variable: z.string().max(1000), offset: z.number().int().min(0), bytes: z.string().max(4096) }))
    .max(1000),
  gaps: z.array(Gap).max(100),
  took_us: z.number().min(0),
});
export type WafEvent = z.infer<typeof WafEvent>;
