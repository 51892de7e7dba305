import { fstatSync, openSync } from 'node:fs';
import { folderStore } from '@palisade/image/cache/folder-store';
import type { Io } from '../command.ts';
import { readContent } from './content.ts';
import type { Described } from './describe.ts';
import { prepare } from './prepare.ts';
import type { Prepared } from './prepare.ts';
import type { Target } from './target.ts';
import type { Job } from './worker/job.ts';
import type { Isolation, WorkerOutcome } from './worker/start.ts';

export type ReadOptions = {
  readonly signal: AbortSignal;
  readonly verify: boolean;
  /** Folder of the layer cache; undefined: none. */
  readonly cache?: string;
  readonly rules?: { readonly file: string; readonly text: string };
  readonly platform?: string;
  /** Registries that may be spoken to without TLS. */
  readonly insecure?: readonly string[];
  /** What the reading process may take: bytes, milliseconds. */
  readonly memory: number;
  readonly time: number;
  /** Called when a process has begun to read, and this one has nothing to do. */
  readonly started?: () => void;
  readonly progress?: (stage: 'pull' | 'read', done: number, total: number) => void;
  readonly io: Io;
  /** Names the code that reads, for results kept of whole targets; left out: the build's own. */
  readonly build?: string;
};

/** A target that was read, or one whose reading ended by a limit: that is a result too. */
export type ReadOutcome = { readonly isolation: Isolation | undefined } & ({ readonly described: Described } | { readonly failed: { readonly kind: string; readonly reason: string } });

/**
 * Opens and reads a target in a confined process. What cannot be opened at all, or is no image, throws; the rest is gaps.
 * Where no process can be started (`io.self` is empty: tests of the parts) it is read in this one.
 */
export async function readTarget(target: Target, options: ReadOptions): Promise<ReadOutcome> {
  const { progress, signal, io } = options;
  const prepared = await prepare(target, { io, signal, insecure: options.insecure ?? [], ...(options.platform === undefined ? {} : { platform: options.platform }), ...(progress === undefined ? {} : { progress: (done: number, total: number) => progress('pull', done, total) }) });
  try {
    const job: Job = { source: prepared.source, target: { kind: target.kind, ref: target.ref }, rules: options.rules ?? { ...readContent('secrets/palisade.toml'), shipped: true }, verify: options.verify, cache: options.cache !== undefined };
    const whole = options.cache === undefined ? undefined : (await import('./target-cache.ts')).targetCache(options.cache, job, prepared.fd, options.build);
    const known = whole?.recall();
    if (known !== undefined) return { isolation: undefined, described: known };
    const outcome = await readJob(job, prepared, options);
    if ('described' in outcome) whole?.keep(outcome.described);
    return outcome;
  } finally {
    prepared.close();
  }
}

async function readJob(job: Job, prepared: Prepared, { io, signal, progress, cache, memory, time, started }: ReadOptions): Promise<ReadOutcome> {
  const store = cache === undefined ? undefined : folderStore(cache);
  const shared = { signal, ...(progress === undefined ? {} : { progress: (done: number, total: number) => progress('read', done, total) }) };
  const opaque = prepared.opaque === undefined ? {} : { opaque: prepared.opaque };
  if (io.self.length === 0) {
    const [{ perform }, { createLayerCache }] = await Promise.all([import('./worker/perform.ts'), import('@palisade/image/cache/cache')]);
    return { isolation: undefined, described: await perform(job, again(prepared.fd), { ...shared, ...opaque, ...(store === undefined ? {} : { cache: createLayerCache(store) }) }) };
  }
  const { readInWorker } = await import('./worker/start.ts');
  const outcome: WorkerOutcome = await readInWorker(job, prepared.fd, { ...shared, ...opaque, self: io.self, memory, time, reads: prepared.reads, ...(started === undefined ? {} : { started }), ...(store === undefined ? {} : { cache: store }) });
  if ('refused' in outcome) throw new Error(outcome.refused);
  return outcome;
}

/** A second descriptor of the same file: reading owns and closes it. */
function again(fd: number | undefined): number | undefined {
  if (fd === undefined) return undefined;
  fstatSync(fd);
  return openSync(`/proc/self/fd/${fd}`, 'r');
}
