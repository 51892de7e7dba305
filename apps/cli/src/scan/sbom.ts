import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { sbomLimits, UnreadableSbom } from '@palisade/catalog/sbom/document';
import { readSbom } from '@palisade/catalog/sbom/read';
import type { Described } from './describe.ts';

/**
 * Reads the SBOM that `fd` (owned from here on) holds: its packages stand for those of the thing it describes. `file` is how
 * messages call it. Throws what names file, place and cause.
 */
export function describeSbom(fd: number, file: string): Described {
  try {
    return describedFrom(fd, file);
  } finally {
    closeSync(fd);
  }
}

function describedFrom(fd: number, file: string): Described {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new UnreadableSbom(file, '', 'not a regular file');
  if (stats.size > sbomLimits.bytes) throw new UnreadableSbom(file, '', `${stats.size} bytes, more than ${sbomLimits.bytes}`);
  const { packages, gaps } = readSbom(readFileSync(fd), file);
  return {
    scan: {
      target: { kind: 'sbom', ref: file },
      status: gaps.length > 0 ? 'partial' : 'complete',
      content: 'verified',
      gaps: [...gaps],
      image: null,
      lookedAt: { files: 1, bytes: stats.size, layers: 1, detectors: ['sbom'] },
      packages: [...packages],
    },
    drafts: [],
    notices: [],
  };
}
