import { z } from 'zod';
import type { Detection } from '@palisade/model/detection';

/** The parts of a waiver document; the reason is still to be written. */
export const WaiverProposal = z.object({ name: z.string(), match: z.record(z.string(), z.string()), where: z.record(z.string(), z.string()), until: z.string() });
export type WaiverProposal = z.infer<typeof WaiverProposal>;

/** Until when a proposed waiver holds, in days: long enough to mend the rule or the workload. */
const proposedDays = 30;
/** What a glob would read as a wildcard can't be written literally: the wildcard matches it too. */
const narrow = ['process', 'parent', 'file', 'peer'] as const;

/**
 * The narrowest waiver that speaks of a detection: its rule, its process and what the process touched, in this image
 * only. A peer's port may be another next time, so only its address is named. The reason is for the asker to write.
 */
export function waiverProposal(detection: Omit<Detection, 'count'>, image: string | null, now: Date): WaiverProposal {
  const facts = detection.facts ?? {};
  const match: Record<string, string> = { rule: detection.ruleId ?? detection.rule };
  for (const key of narrow) {
    const spellings = facts[key] ?? [];
    const value = key === 'peer' ? spellings.at(-1) : spellings[0];
    if (value !== undefined && value !== '') match[key] = value;
  }
  if (match['process'] === undefined) {
    const guilty = detection.tree.findLast((process) => process.guilty);
    if (guilty !== undefined && guilty.path !== '') match['process'] = guilty.path;
  }
  const name = `${match['rule'] ?? 'rule'}-${match['process']?.split('/').at(-1) ?? 'any'}`.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-').replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 200);
  const where = {
    ...(image === null || image === '' ? {} : { image }), ...(detection.namespace === undefined ? {} : { namespace: detection.namespace }), ...(detection.project === undefined ? {} : { project: detection.project }), ...(detection.workload === undefined ? {} : { workload: detection.workload }),
  };
  return { name: name === '' ? 'runtime-rule' : name, match, where, until: new Date(now.getTime() + proposedDays * 86_400_000).toISOString().slice(0, 10) };
}
