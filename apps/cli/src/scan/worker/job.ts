import { z } from 'zod';
import type { EngineImagePlan } from '@palisade/image/source/engine-image';
import type { RegistryImagePlan } from '@palisade/image/source/registry/plan';
import { Gap } from '@palisade/model/gap';
import { Image } from '@palisade/model/image';
import { Layer } from '@palisade/model/layer';
import { Package } from '@palisade/model/package';
import type { Reading } from '../pipeline.ts';

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
  readonly target: Reading['target'];
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
  analysis: z.object({
    facts: z.array(z.looseObject({ analyzer: z.string(), path: z.string(), layer: z.string(), removed: z.string().optional(), data: z.json() })),
    layers: z.array(Layer),
    gaps: z.array(Gap),
    files: z.number(),
    bytes: z.number(),
    status: z.enum(['complete', 'partial']),
    content: z.enum(['verified', 'headers']),
  }),
  opened: z.object({ image: Image, config: z.looseObject({ rootfs: z.looseObject({ diff_ids: z.array(z.string()) }) }) }).nullable(),
  packages: z.array(Package).optional(),
});

/** One line of what a worker writes. */
export const WorkerLine = z.union([
  z.object({ ready: Confinement }),
  z.object({ progress: z.tuple([z.number(), z.number()]) }),
  z.object({ error: z.string() }),
  z.object({ done: Outcome }),
]);
