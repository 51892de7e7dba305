import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { sbomLimits, UnreadableSbom } from '@palisade/catalog/sbom/document';
import { readSbom } from '@palisade/catalog/sbom/read';
import { messageOf } from '@palisade/model/error';
import type { Reading } from './pipeline.ts';

/** Reads an SBOM file: its packages stand for those of the thing it describes. Throws what names file, place and cause. */
export function readSbomTarget(file: string): Reading {
  let fd: number;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new UnreadableSbom(file, '', messageOf(error));
  }
  try {
    return sbomReading(fd, file);
  } finally {
    closeSync(fd);
  }
}

/** Reads the open file `fd`; `file` is how messages call it. */
export function sbomReading(fd: number, file: string): Reading {
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
