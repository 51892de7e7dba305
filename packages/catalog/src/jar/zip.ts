import { inflateRawSync } from 'node:zlib';
import type { RandomAccess } from '@palisade/image/analyzer';

/** One entry of a zip's central directory. `offset` is that of its local header. */
export type ZipEntry = { readonly name: string; readonly method: number; readonly packed: number; readonly size: number; readonly offset: number };

/** Against zip bombs and forged directories: what is larger is refused with the limit's name. */
export const zipLimits = { directory: 64 * 1024 * 1024, entries: 200_000, entry: 256 * 1024 * 1024 } as const;

const endSize = 22;
const maxComment = 65_535;

/** Reads the central directory (APPNOTE.TXT 4.3.12, zip64 included). Throws on anything that is not one. */
export async function readDirectory(file: RandomAccess): Promise<ZipEntry[]> {
  const tailStart = Math.max(0, file.size - endSize - maxComment);
  // Nearly every archive has no comment, so the last 4 KiB are tried first.
  const shortStart = Math.max(0, file.size - 4096);
  let start = shortStart;
  let tail = Buffer.from(await file.read(start, file.size - start));
  let at = endOf(tail);
  if (at === -1 && tailStart < shortStart) {
    start = tailStart;
    tail = Buffer.from(await file.read(start, file.size - start));
    at = endOf(tail);
  }
  if (at === -1) throw new Error('no end of central directory: not a zip archive, or cut short');
  let size = tail.readUInt32LE(at + 12);
  let offset = tail.readUInt32LE(at + 16);
  let end = start + at;
  if (offset === 0xffffffff || size === 0xffffffff) {
    const found = await zip64(file, start + at);
    size = found.size;
    offset = found.offset;
    end = found.at;
  }
  if (size > zipLimits.directory) throw new Error(`central directory of ${size} bytes is over the limit of ${zipLimits.directory}`);
  // A program in front (self-executing jars) shifts every offset by its length.
  const shift = end - size - offset;
  if (shift < 0 || offset + shift + size > file.size) throw new Error('the central directory lies outside the file');
  return entriesOf(Buffer.from(await file.read(offset + shift, size)), shift);
}

function endOf(tail: Buffer): number {
  for (let at = tail.length - endSize; at >= 0; at -= 1) if (tail.readUInt32LE(at) === 0x06054b50) return at;
  return -1;
}

async function zip64(file: RandomAccess, end: number): Promise<{ size: number; offset: number; at: number }> {
  const locator = Buffer.from(await file.read(Math.max(0, end - 20), 20));
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50) throw new Error('zip64 locator is missing');
  const at = Number(locator.readBigUInt64LE(8));
  if (!(at >= 0 && at + 56 <= file.size)) throw new Error('zip64 record lies outside the file');
  const record = Buffer.from(await file.read(at, 56));
  if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50) throw new Error('zip64 record is malformed');
  return { size: Number(record.readBigUInt64LE(40)), offset: Number(record.readBigUInt64LE(48)), at };
}

function entriesOf(bytes: Buffer, shift: number): ZipEntry[] {
  const entries: ZipEntry[] = [];
  let at = 0;
  while (at + 46 <= bytes.length && bytes.readUInt32LE(at) === 0x02014b50) {
    if (entries.length >= zipLimits.entries) throw new Error(`more than ${zipLimits.entries} entries`);
    const nameLength = bytes.readUInt16LE(at + 28);
    const extraLength = bytes.readUInt16LE(at + 30);
    const next = at + 46 + nameLength + extraLength + bytes.readUInt16LE(at + 32);
    if (next > bytes.length) throw new Error('an entry of the central directory is cut short');
    entries.push({
      name: bytes.toString('utf8', at + 46, at + 46 + nameLength),
      method: bytes.readUInt16LE(at + 10),
      packed: bytes.readUInt32LE(at + 20),
      size: bytes.readUInt32LE(at + 24),
      offset: bytes.readUInt32LE(at + 42) + shift,
    });
    at = next;
  }
  return entries;
}

/** The content of one entry, at most `limit` bytes. Throws on encryption, unknown methods, forged sizes. */
export async function readEntry(file: RandomAccess, entry: ZipEntry, limit: number): Promise<Buffer> {
  // Deflate makes short or random data a little longer than it was.
  if (entry.size > limit || entry.packed > limit * 1.01 + 64) throw new Error(`${entry.name}: ${entry.size} bytes are over the limit of ${limit}`);
  const header = Buffer.from(await file.read(entry.offset, 30));
  if (header.length < 30 || header.readUInt32LE(0) !== 0x04034b50) throw new Error(`${entry.name}: no local header where the directory says`);
  if ((header.readUInt16LE(6) & 1) === 1) throw new Error(`${entry.name}: encrypted`);
  const data = entry.offset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = Buffer.from(await file.read(data, entry.packed));
  if (packed.length < entry.packed) throw new Error(`${entry.name}: cut short`);
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new Error(`${entry.name}: compression method ${entry.method} is not supported`);
  return inflateRawSync(packed, { maxOutputLength: Math.max(1, limit) });
}

/** Bytes in memory as a seekable file. */
export function inMemory(bytes: Buffer): RandomAccess {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(Math.max(0, offset), Math.max(0, offset + length)) };
}
