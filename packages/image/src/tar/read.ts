import type { FileStat } from '../analyzer.ts';
import { DamagedArchive, LimitError } from '../error.ts';
import { limits } from '../limits.ts';
import { cleanPath } from '../path.ts';
import type { TarHeader } from './header.ts';
import { blockSize, isZeroBlock, parseHeader } from './header.ts';
import { applyPax, parsePax } from './pax.ts';

/**
 * What the tar grammar asks of whoever holds the bytes: `take` answers that many bytes (fewer only at the end of
 * the input), `skip` none, `entry` hands over one entry whose body of `size` bytes and its `padding` come next and must be
 * consumed by the driver, `refused` reports an entry that can't be looked at (its body is skipped next).
 */
export type TarRequest =
  | { readonly op: 'take'; readonly length: number }
  | { readonly op: 'skip'; readonly length: number }
  | { readonly op: 'entry'; readonly stat: FileStat; readonly size: number; readonly padding: number; readonly sparse: boolean }
  | { readonly op: 'refused'; readonly name: string; readonly reason: string };

const types: Readonly<Record<string, FileStat['type']>> = { '0': 'file', '7': 'file', S: 'file', '1': 'hardlink', '2': 'symlink', '3': 'character', '4': 'block', '5': 'directory', '6': 'fifo' };

/**
 * The tar grammar as a coroutine, so that one reading serves seekable files (which jump over bodies) and streams.
 * Throws DamagedArchive on a truncated or broken archive and LimitError on a passed limit.
 */
export function* readTar(): Generator<TarRequest, void, Buffer> {
  let pax: Map<string, string> | undefined;
  const global = new Map<string, string>();
  let longName: string | undefined;
  let longLink: string | undefined;
  for (let entries = 0; ; ) {
    const block = yield { op: 'take', length: blockSize };
    if (block.length === 0) return;
    if (block.length < blockSize) throw new DamagedArchive('the archive ends within a header');
    if (isZeroBlock(block)) return;
    const header = parseHeader(block);
    if (header.size < 0) throw new DamagedArchive(`"${header.name}" has a negative size`);
    const padding = (blockSize - (header.size % blockSize)) % blockSize;
    if (header.typeflag === 'x' || header.typeflag === 'g' || header.typeflag === 'L' || header.typeflag === 'K') {
      if (header.size > limits.headerRecord) throw new LimitError('headerRecord', `an extended header has ${header.size} bytes`);
      const body = yield { op: 'take', length: header.size };
      if (body.length < header.size) throw new DamagedArchive('the archive ends within an extended header');
      if (header.typeflag === 'x') pax = parsePax(body);
      else if (header.typeflag === 'g') for (const [key, value] of parsePax(body)) global.set(key, value);
      else if (header.typeflag === 'L') longName = untilNul(body);
      else longLink = untilNul(body);
      yield { op: 'skip', length: padding };
      continue;
    }
    entries += 1;
    if (entries > limits.entriesPerLayer) throw new LimitError('entriesPerLayer', `more than ${limits.entriesPerLayer} entries`);
    if (longName !== undefined) header.name = longName;
    if (longLink !== undefined) header.linkname = longLink;
    if (global.size > 0) applyPax(header, global);
    const sparse = header.typeflag === 'S' || (pax !== undefined && [...pax.keys()].some((key) => key.startsWith('GNU.sparse.')));
    if (pax !== undefined) applyPax(header, pax);
    pax = undefined;
    longName = undefined;
    longLink = undefined;
    if (header.typeflag === 'S') yield* skipSparseMap(block);
    yield* entry(header, sparse);
  }
}

function* entry(header: TarHeader, sparse: boolean): Generator<TarRequest, void, Buffer> {
  const type = types[header.typeflag];
  // Links and directories carry no body, whatever their size field says (POSIX pax, "ustar interchange format").
  const size = type === 'file' || type === undefined ? header.size : 0;
  const padding = (blockSize - (size % blockSize)) % blockSize;
  const path = cleanPath(header.name);
  if (type === undefined || path === undefined) {
    const reason = type === undefined ? `unknown entry type "${header.typeflag}"` : 'its path leaves the tree, is too long or too deep';
    yield { op: 'refused', name: header.name.slice(0, 200), reason };
    yield { op: 'skip', length: size + padding };
    return;
  }
  const { mode, uid, gid, mtime, linkname } = header;
  const stat: FileStat = type === 'symlink' || type === 'hardlink' ? { path, type, size, mode, uid, gid, mtime, target: linkname } : { path, type, size, mode, uid, gid, mtime };
  yield { op: 'entry', stat, size, padding, sparse };
}

/** Old GNU sparse headers continue in further blocks while a flag says so; the data map itself isn't needed. */
function* skipSparseMap(header: Buffer): Generator<TarRequest, void, Buffer> {
  let more = header[482] === 1;
  for (let blocks = 0; more; blocks += 1) {
    if (blocks > 10_000) throw new LimitError('headerRecord', 'a sparse map of more than 10,000 blocks');
    const block = yield { op: 'take', length: blockSize };
    if (block.length < blockSize) throw new DamagedArchive('the archive ends within a sparse map');
    more = block[504] === 1;
  }
}

function untilNul(body: Buffer): string {
  const end = body.indexOf(0);
  return body.toString('utf8', 0, end === -1 ? body.length : end);
}
