import { z } from 'zod';
import { Finding } from '@palisade/model/finding';
import { ScanResult } from '@palisade/model/scan-result';

// A worker has read hostile bytes: what it says is checked before it is believed to have this form.
export const WorkerAnswer = z.object({
  done: z.object({
    scan: ScanResult.pick({ status: true, content: true, gaps: true, image: true, lookedAt: true, packages: true }).refine(({ status }) => status !== 'failed'),
    drafts: z.array(Finding.omit({ priority: true })),
    notices: z.array(z.string()),
  }),
});
