import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { sbomLimits, UnreadableSbom } from '@palisade/catalog/sbom/document';
import { readSbom } from '@palisade/catalog/sbom/read';
import type { Reading } from './describe.ts';

/**
 * Reads the SBOM that `fd` (owned from here on) holds: its packages stand for those of the thing it describes. `file` is how
 * messages call it. Throws what names file, place and cause.
 */
export function sbomReading(fd: number, file: string): Reading {
  try {
    return readingOf(fd, file);
  } finally {
    closeSync(fd);
  }
}

function readingOf(fd: number, file: string): Reading {
  const stats = fstatSync(fd);
  if (!stats.isFile()) throw new UnreadableSbom(file, '', 'not a regular file');
  if (stats.size > sbomLimits.bytes) throw new UnreadableSbom(file, '', `${stats.size} bytes, more than ${sbomLimits.bytes}`);
  const { packages, gaps } = readSbom(readFileSync(fd), file);
  return {
    target: { kind: 'sbom', ref: file },
    analysis: { facts: [], layers: [], gaps, files: 1, bytes: stats.size, status: gaps.length > 0 ? 'partial' : 'complete', content: 'verified' },
    opened: null,
    packages,
  };
}
