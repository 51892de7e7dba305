import { renameSync, rmSync } from 'node:fs';
import { feedError } from '../error.ts';
import type { Manifest, Source } from './format.ts';
import { readSource, recogniseSource } from './source-reader.ts';
import type { SourceSpec } from './source-reader.ts';
import { openStaging } from './staging.ts';
import { sourceName } from '../input/open.ts';
import { writeBundle } from './write.ts';

export type BuildOptions = {
  readonly sources: readonly SourceSpec[];
  /** The bundle's file; written beside it and renamed, so a broken build leaves the old one. */
  readonly out: string;
  /** A source of no supported kind is skipped by name instead of ending the build. */
  readonly skipUnsupported?: boolean;
  /** Called often: which source is being read and how many of its records are in. */
  readonly progress?: (step: { source: string; records: number } | { source: null }) => void;
  readonly signal?: AbortSignal;
};

/** Builds a feed bundle. The same content gives the same bytes. Throws feed-unsupported, feed-malformed, feed-limit. */
export async function buildBundle(options: BuildOptions): Promise<Manifest> {
  const signal = options.signal ?? new AbortController().signal;
  const partial = `${options.out}.partial`;
  const staging = openStaging(`${options.out}.staging`);
  try {
    const sources: Source[] = [];
    const skipped: Manifest['skipped'] = [];
    for (const spec of options.sources) {
      signal.throwIfAborted();
      const known = await recogniseSource(spec);
      if (known === undefined) {
        const reason = 'a source of a kind not supported yet';
        if (options.skipUnsupported !== true) throw feedError('feed-unsupported', `${spec.path}: ${reason}; --skip-unsupported leaves it out`, { file: spec.path });
        skipped.push({ name: sourceName(spec.path), reason });
        continue;
      }
      const name = sourceName(spec.path);
      let records = 0;
      options.progress?.({ source: name, records });
      sources.push(await readSource(spec, known.kind, known.feed, staging, () => options.progress?.({ source: name, records: ++records }), signal));
    }
    if (sources.length === 0) throw feedError('feed-unsupported', 'no source of a supported kind was given');
    options.progress?.({ source: null });
    const order = (a: { name: string; sha256?: string }, b: { name: string; sha256?: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : (a.sha256 ?? '') < (b.sha256 ?? '') ? -1 : 1);
    rmSync(partial, { force: true });
    const manifest = writeBundle(partial, staging, sources.sort(order), skipped.sort(order), signal);
    renameSync(partial, options.out);
    return manifest;
  } finally {
    staging.close();
    rmSync(partial, { force: true });
  }
}
