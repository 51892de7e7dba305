import { z } from 'zod';
import type { EngineImagePlan } from '@palisade/image/source/engine-image';
import type { RegistryImagePlan } from '@palisade/image/source/registry/plan';
import { Finding } from '@palisade/model/finding';
import { ScanResult } from '@palisade/model/scan-result';

/** What a worker is to read. Where the source says so, the bytes are in the descriptor that comes with the job. */
export type Source =
  | { readonly kind: 'archive' | 'oci-archive'; readonly name: string; readonly wanted?: string; readonly platform: string }
  | { readonly kind: 'oci-directory'; readonly path: string; readonly wanted?: string; readonly platform: string }
  | { readonly kind: 'directory'; readonly root: string; readonly skip: readonly (readonly [path: string, reason: string])[] }
  | { readonly kind: 'engine'; readonly plan: EngineImagePlan }
  | { readonly kind: 'registry'; readonly plan: RegistryImagePlan }
  | { readonly kind: 'sbom'; readonly name: string };

export type Job = {
  readonly source: Source;
  readonly target: ScanResult['target'];
  readonly rules: { readonly file: string; readonly text: string };
  readonly verify: boolean;
  /** True: the parent answers for a layer cache on descriptor 4. */
  readonly cache: boolean;
};

/** What a worker tells of itself before it reads anything: measured by it, compared by its parent. */
const Confinement = z.object({ uid: z.number(), capabilities: z.string(), noNewPrivileges: z.boolean(), network: z.string() });
export type Confinement = z.infer<typeof Confinement>;

// A worker has read hostile bytes: what it says is checked before it is believed to have this form.
const Outcome = z.object({
  scan: ScanResult.pick({ status: true, content: true, gaps: true, image: true, lookedAt: true, packages: true }).refine(({ status }) => status !== 'failed'),
  drafts: z.array(Finding.omit({ priority: true })),
  notices: z.array(z.string()),
});

/** One line of what a worker writes. */
export const WorkerLine = z.union([
  z.object({ ready: Confinement }),
  z.object({ progress: z.tuple([z.number(), z.number()]) }),
  z.object({ error: z.string() }),
  z.object({ done: Outcome }),
]);
