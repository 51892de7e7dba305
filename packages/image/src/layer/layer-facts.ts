import type { Gap } from '@palisade/model/gap';
import type { Json } from '../analyzer.ts';

/** What one layer holds, by itself: cached, then squashed with its neighbours. */
export type LayerFacts = {
  readonly facts: { readonly analyzer: string; readonly path: string; readonly data: Json }[];
  /** Every path that an analyzer would want as a file, whatever lies there now: it hides the one below. */
  readonly covers: string[];
  /** Paths at which something other than a directory replaces what lay below (symlinks). */
  readonly replaced: string[];
  /** Deleted paths (whiteouts), and directories whose lower content is hidden (opaque). */
  readonly whiteouts: string[];
  readonly opaque: string[];
  readonly files: number;
  /** Uncompressed bytes of all files. */
  readonly bytes: number;
  readonly gaps: Gap[];
  /** SHA-256 of the uncompressed archive where all of it was read. */
  readonly diffId?: string;
};
