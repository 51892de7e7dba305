import type { Gap } from '@palisade/model/gap';
import type { Image } from '@palisade/model/image';
import type { Content } from '../content.ts';

/** Where the bytes of one layer lie. */
export type LayerBytes =
  | { readonly kind: 'archive'; readonly content: Content; /** Digest of the bytes as stored, where the manifest names one. */ readonly blob?: string }
  | { readonly kind: 'overlay'; readonly directory: string }
  | { readonly kind: 'missing'; readonly reason: string };

export type OpenedLayer = {
  /** The diff id that the image's config claims. */
  readonly diffId: string;
  readonly bytes: LayerBytes;
  /** True when somebody we trust has hashed these bytes: the engine's store, or a registry pull of ours. */
  readonly verified: boolean;
};

/** An image whose layers can be read. `image.layers` and `layers` have the same order, base first. */
export type OpenedImage = {
  readonly image: Image;
  /** The image's config as it stands, for detectors that judge it. */
  readonly config: ImageConfig;
  readonly layers: readonly OpenedLayer[];
  readonly gaps: Gap[];
  close(): void;
};

/** The parts of an OCI image config that we read (OCI image-spec, config.md). */
export type ImageConfig = {
  readonly architecture?: string;
  readonly os?: string;
  readonly variant?: string;
  readonly created?: string;
  readonly config?: {
    readonly User?: string;
    readonly Env?: readonly string[] | null;
    readonly Entrypoint?: readonly string[] | null;
    readonly Cmd?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly ExposedPorts?: Readonly<Record<string, unknown>> | null;
    readonly Volumes?: Readonly<Record<string, unknown>> | null;
    readonly WorkingDir?: string;
    readonly Healthcheck?: { readonly Test?: readonly string[] } | null;
  } | null;
  readonly rootfs: { readonly diff_ids: readonly string[] };
  readonly history?: readonly HistoryEntry[] | null;
};

export type HistoryEntry = { readonly created?: string; readonly created_by?: string; readonly comment?: string; readonly empty_layer?: boolean };
