import type { EngineImagePlan } from '@palisade/image/source/engine-image';
import type { RegistryImagePlan } from '@palisade/image/source/registry/plan';
import type { ScanResult } from '@palisade/model/scan-result';

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
  readonly rules: { readonly file: string; readonly text: string; readonly shipped?: boolean };
  readonly verify: boolean;
  /** True: the parent answers for a layer cache on descriptor 4. */
  readonly cache: boolean;
};

/** What a worker tells of itself before it reads anything: measured by it, compared by its parent. */
export type Confinement = { readonly uid: number; readonly capabilities: string; readonly noNewPrivileges: boolean; readonly network: string };
