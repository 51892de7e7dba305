import { z } from 'zod';
import { documentOf } from './document.ts';

export const waiverTargets = ['vulnerability', 'misconfiguration', 'secret', 'malware', 'runtimeRule', 'networkFlow', 'wafRule', 'check'] as const;

/** An accepted risk, with its reason, its owner and its end. `*` in match and where is a glob within the value. */
export const Waiver = documentOf(
  'Waiver',
  z.strictObject({
    target: z.enum(waiverTargets),
    match: z.record(z.string(), z.string()),
    where: z
      .strictObject({
        cluster: z.string().optional(),
        namespace: z.string().optional(),
        project: z.string().optional(),
        workload: z.string().optional(),
        image: z.string().optional(),
      })
      .default({}),
    reason: z.string().min(1),
    ticket: z.string().optional(),
    requestedBy: z.string().optional(),
    approvedBy: z.string().optional(),
    until: z.union([z.strictObject({ date: z.iso.date() }), z.strictObject({ fixAvailable: z.literal(true) })]).optional(),
  }),
);
export type Waiver = z.infer<typeof Waiver>;
