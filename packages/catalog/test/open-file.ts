import type { FileStat, OpenFile, RandomAccess, Report } from '@palisade/image/analyzer';
import type { Gap } from '@palisade/model/gap';
import type { Cataloguer, CatalogData } from '@palisade/catalog/found';

/** A regular file's stat with everything but the path and size at its usual value. */
export function statOf(path: string, size: number, mode = 0o644): FileStat {
  return { path, type: 'file', size, mode, uid: 0, gid: 0, mtime: 0 };
}

/** Bytes offered the way a source offers them. */
export function openFile(stat: FileStat, bytes: Buffer): OpenFile {
  const random: RandomAccess = { size: bytes.length, read: async (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset + length)) };
  return {
    stat,
    bytes: async (limit) => {
      if (bytes.length > limit) throw new Error(`over the limit of ${limit} bytes`);
      return bytes;
    },
    stream: async function* stream() {
      yield bytes;
    },
    random: async () => random,
  };
}

/** Reads one file with one cataloguer; answers its data and gaps. */
export async function readWith(cataloguer: Cataloguer, path: string, content: Buffer | string, mode?: number): Promise<{ data: CatalogData | undefined; gaps: Gap[] }> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const gaps: Gap[] = [];
  const report: Report = { gap: (gap) => void gaps.push(gap), signal: new AbortController().signal };
  const data = await cataloguer.read(openFile(statOf(path, bytes.length, mode), bytes), report);
  return { data, gaps };
}
