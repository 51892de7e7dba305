import { analyseImage, analyseRoot } from '@palisade/image/analyse';
import { createLayerCache } from '@palisade/image/cache/cache';
import { openArchive, openOci } from '@palisade/image/open';
import type { OpenedImage } from '@palisade/image/source/opened-image';
import { UsageError } from '../command.ts';
import type { Io } from '../command.ts';
import { mountsToSkip } from './mounts.ts';
import type { Reading, Scanner } from './pipeline.ts';
import type { Target } from './target.ts';

export type ReadOptions = {
  readonly signal: AbortSignal;
  readonly verify: boolean;
  /** Folder of the layer cache; undefined: none. */
  readonly cache?: string;
  readonly progress?: (done: number, total: number) => void;
  readonly io: Io;
};

/** Opens and reads a target. What cannot be opened at all throws; the rest is gaps. */
export async function readTarget(target: Target, scanner: Scanner, options: ReadOptions): Promise<Reading> {
  const { kind, ref } = target;
  if (kind === 'sbom') return (await import('./sbom.ts')).readSbomTarget(ref);
  const shared = { signal: options.signal, verify: options.verify, ...(options.progress === undefined ? {} : { progress: options.progress }) };
  if (kind === 'dir') {
    return { target: { kind, ref }, analysis: await analyseRoot(ref, scanner.analyzers, { signal: options.signal, skip: mountsToSkip(ref) }), opened: null };
  }
  const opaque = kind === 'docker' ? (await import('@palisade/image/layer/opaque')).opaqueTest() : undefined;
  const opened = await openTarget(target, options, opaque !== undefined);
  try {
    const cache = options.cache === undefined ? undefined : createLayerCache(options.cache);
    const analysis = await analyseImage(opened, scanner.analyzers, { ...shared, ...(cache === undefined ? {} : { cache }), ...(opaque === undefined ? {} : { opaque }) });
    return { target: { kind, ref }, analysis, opened };
  } finally {
    opened.close();
  }
}

async function openTarget({ kind, ref }: Target, options: ReadOptions, canReadInPlace: boolean): Promise<OpenedImage> {
  switch (kind) {
    case 'archive':
      return openArchive(ref);
    case 'oci':
      return openOci(ref);
    case 'docker': {
      const [{ openEngineImage }, { linkEngine }] = await Promise.all([import('@palisade/image/source/engine-image'), import('./engine-link.ts')]);
      const link = await linkEngine(options.io);
      try {
        const opened = await openEngineImage(link.engine, ref, { signal: options.signal, canReadInPlace });
        return {
          ...opened,
          close() {
            opened.close();
            link.close();
          },
        };
      } catch (error) {
        link.close();
        throw error;
      }
    }
    default:
      throw new UsageError(`${kind}: this source cannot be read yet by this version`);
  }
}
