import { z } from 'zod';
import { Text } from './text.ts';

/**
 * Something that was not looked at. One form for scan, sensor, network, WAF, feed and agent; `kind` is a
 * stable kebab-case word (`archive-truncated`, `feed-missing`, `limit-entries` …), `subject` says where
 * (a path, an image, a container), `count` how often.
 */
export const Gap = z.object({
  kind: z.string(),
  subject: z.string(),
  since: z.iso.datetime().optional(),
  until: z.iso.datetime().optional(),
  reason: z.string(),
  count: z.number().int().positive(),
  remedy: Text.optional(),
});
export type Gap = z.infer<typeof Gap>;

/** Joins gaps of the same kind, subject and reason, adding their counts. */
export function mergeGaps(gaps: readonly Gap[]): Gap[] {
  const merged = new Map<string, Gap>();
  for (const gap of gaps) {
    const key = JSON.stringify([gap.kind, gap.subject, gap.reason]);
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { ...gap });
    else known.count += gap.count;
  }
  return [...merged.values()];
}
