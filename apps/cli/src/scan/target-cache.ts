import { createHash } from 'node:crypto';
import path from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { folderStore } from '@palisade/image/cache/folder-store';
import { settledFile } from '@palisade/image/cache/settled-file';
import { buildId } from './build-id.ts';
import type { Described } from './describe.ts';
import type { Job } from './worker/job.ts';

// What was read of a whole target, kept for the next scan of the very same bytes: then nobody has to read them, and no
// process is started for it. Only this process writes here, after it has checked what the reader said; a reader that
// was taken over by an archive can fill the layer cache with lies about itself, but not this one.

export type TargetCache = {
  recall(): Described | undefined;
  /** Keeps what was read, unless the target was written meanwhile or something about the machine kept it from being read. */
  keep(described: Described): void;
};

const formatVersion = 1;
const maxEntry = 512 << 20;

/** Gaps that the same bytes give again. Anything else (no space, no permission) may be over at the next scan. */
const lasting: ReadonlySet<string> = new Set([
  'archive-damaged', 'digest-mismatch', 'entry-refused', 'image-not-chosen', 'layers-mismatch', 'limit-archive', 'limit-file-size', 'limit-package-file',
  'limit-secret-file-size', 'limit-secret-finds', 'link-dangling', 'link-outside', 'package-file-malformed', 'scope-binary-file', 'sparse-file',
]);

/**
 * The entry for a job whose bytes are in `fd`. undefined where nothing names those bytes: --verify, a directory, a file that
 * was just written. `layers`: the folder of the layer cache, beside which this one lies. From source there is no `build`.
 */
export function targetCache(layers: string, job: Job, fd: number | undefined, build = buildId()): TargetCache | undefined {
  const content = nameOf(job, fd);
  if (build === undefined || job.verify || content === undefined) return undefined;
  const store = folderStore(path.join(path.dirname(layers), 'targets'));
  const key = createHash('sha256').update(JSON.stringify([formatVersion, build, content, job.source, job.rules.text])).digest('hex');
  return {
    recall() {
      const packed = store.read(key);
      if (packed === undefined) return undefined;
      try {
        const described = JSON.parse(zstdDecompressSync(packed, { maxOutputLength: maxEntry }).toString('utf8')) as Described;
        return { ...described, scan: { ...described.scan, target: job.target } };
      } catch {
        store.remove(key);
        return undefined;
      }
    },
    keep(described) {
      if (nameOf(job, fd) !== content || described.scan.gaps.some((gap) => !lasting.has(gap.kind))) return;
      if (fd === undefined && described.scan.content !== 'verified') return;
      store.write(key, zstdCompressSync(Buffer.from(JSON.stringify(described))));
    },
  };
}

/** What stands for the bytes: the kernel's word on a resting file, or the digests that an engine or a pull has checked. */
function nameOf({ source }: Job, fd: number | undefined): string | undefined {
  switch (source.kind) {
    case 'archive':
    case 'oci-archive':
    case 'sbom':
      return fd === undefined ? undefined : settledFile(fd);
    case 'engine':
      return source.plan.kind === 'in-place' ? 'engine' : undefined;
    default:
      return undefined;
  }
}
