import { z } from 'zod';
import { Coverage } from './coverage.ts';
import { Finding } from './finding.ts';
import { Gap } from './gap.ts';
import { Image } from './image.ts';
import { Package } from './package.ts';
import { targetKinds } from './target-kind.ts';
import { Verdict } from './verdict.ts';

export const FeedSummary = z.object({
  id: z.string(),
  built: z.string(),
  /** Age in seconds at the time of the scan. */
  age: z.number(),
  sources: z.array(
    z.object({ name: z.string(), date: z.string(), records: z.number(), coverage: z.record(z.string(), Coverage) }),
  ),
});
export type FeedSummary = z.infer<typeof FeedSummary>;

/** The stable document of `palisade scan --format json`. */
export const ScanResult = z.object({
  schema: z.literal('palisade.scan/1'),
  target: z.object({ kind: z.enum(targetKinds), ref: z.string() }),
  status: z.enum(['complete', 'partial', 'failed']),
  content: z.enum(['verified', 'headers']),
  gaps: z.array(Gap),
  feed: FeedSummary.nullable(),
  image: Image.nullable(),
  /** What was looked at, so that "0 findings" has its proof. */
  lookedAt: z.object({ files: z.number(), bytes: z.number(), layers: z.number(), detectors: z.array(z.string()) }).optional(),
  /** How the process that read the target was held, as measured; missing where it was not a process of its own. */
  isolation: z.object({ network: z.enum(['empty', 'shared']), user: z.enum(['nobody', 'own']), capabilities: z.enum(['none', 'read-files', 'some']) }).optional(),
  packages: z.array(Package),
  findings: z.array(Finding),
  verdict: Verdict,
});
export type ScanResult = z.infer<typeof ScanResult>;
