import type { Container } from '@palisade/model/container';

/** An image as its engine lists it. `size` in bytes. */
export type EngineImage = { readonly id: string; readonly names: readonly string[]; readonly created: string; readonly size: number };

/**
 * Where an image's layers lie on this host, base first, matching `diffIds`. `config` is the image config rebuilt from
 * the engine's own description (its digest is not the image id's preimage).
 */
export type EngineImageDetail = EngineImage & {
  readonly digests: readonly string[];
  readonly diffIds: readonly string[];
  readonly config: unknown;
  /** Absolute directories of the engine's storage, or why they can't be named. */
  readonly directories: readonly string[] | { readonly unreadable: string };
};

export type EngineEvent = { readonly at: string; readonly type: 'container' | 'image'; readonly action: string; readonly id: string; readonly name?: string };

/**
 * A container runtime. Every call may throw EngineError; lists are never shortened in silence. Ids are full.
 * `act` knows pause, unpause, stop and kill, by container id only.
 */
export type ContainerEngine = {
  readonly kind: string;
  version(): Promise<string>;
  images(): Promise<EngineImage[]>;
  image(reference: string): Promise<EngineImageDetail>;
  containers(): Promise<string[]>;
  container(id: string): Promise<Container | undefined>;
  /** Follows what happens until the signal aborts or the engine goes away (then it throws). */
  events(signal: AbortSignal): AsyncIterable<EngineEvent>;
  /** The image as a `docker save` stream. */
  export(reference: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  act(id: string, action: 'pause' | 'unpause' | 'stop' | 'kill'): Promise<void>;
};
