import type { RandomAccess } from '@palisade/image/analyzer';

/** A stretch of the file that is mapped at `address`. */
export type Segment = { readonly address: bigint; readonly offset: number; readonly size: number };

/** Where build information may lie, and how addresses are turned into offsets. */
export type Region = { readonly offset: number; readonly size: number; readonly segments: readonly Segment[]; readonly wide: boolean; readonly bigEndian: boolean };

/** A forged header could claim any number; real programs have a few dozen. */
const maxSections = 4096;

/** The region that holds Go's build information; undefined for what is no executable or has none. Throws on forged headers. */
export async function buildInfoRegion(file: RandomAccess): Promise<Region | undefined> {
  const head = Buffer.from(await file.read(0, 64));
  if (head.length < 64) return undefined;
  if (head.readUInt32BE(0) === 0x7f454c46) return elf(file, head);
  if (head.readUInt16BE(0) === 0x4d5a) return pe(file, head);
  const magic = head.readUInt32LE(0);
  if (magic === 0xfeedfacf || magic === 0xfeedface) return machO(file, head, magic === 0xfeedfacf);
  return undefined;
}

async function elf(file: RandomAccess, head: Buffer): Promise<Region | undefined> {
  const wide = head[4] === 2;
  const bigEndian = head[5] === 2;
  const u16 = (b: Buffer, at: number): number => (bigEndian ? b.readUInt16BE(at) : b.readUInt16LE(at));
  const u32 = (b: Buffer, at: number): number => (bigEndian ? b.readUInt32BE(at) : b.readUInt32LE(at));
  const word = (b: Buffer, at: number): bigint => (!wide ? BigInt(u32(b, at)) : bigEndian ? b.readBigUInt64BE(at) : b.readBigUInt64LE(at));
  const programs = await table(file, Number(word(head, wide ? 32 : 28)), u16(head, wide ? 54 : 42), u16(head, wide ? 56 : 44));
  const segments: Segment[] = [];
  let data: { offset: number; size: number } | undefined;
  for (const entry of programs) {
    if (entry.length < (wide ? 56 : 32) || u32(entry, 0) !== 1) continue;
    const segment = { offset: Number(word(entry, wide ? 8 : 4)), address: word(entry, wide ? 16 : 8), size: Number(word(entry, wide ? 32 : 16)) };
    segments.push(segment);
    // Without section names Go's tools look in the first writable segment.
    if ((u32(entry, wide ? 4 : 24) & 7) === 6) data ??= segment;
  }
  const sections = await table(file, Number(word(head, wide ? 40 : 32)), u16(head, wide ? 58 : 46), u16(head, wide ? 60 : 48));
  const names = sections[u16(head, wide ? 62 : 50)];
  if (names !== undefined && names.length >= (wide ? 64 : 40)) {
    const size = Math.min(Number(word(names, wide ? 32 : 20)), 1024 * 1024);
    const strings = Buffer.from(await file.read(Number(word(names, wide ? 24 : 16)), size));
    for (const section of sections) {
      const at = u32(section, 0);
      if (strings.toString('latin1', at, at + 14) === '.go.buildinfo\0') {
        return { offset: Number(word(section, wide ? 24 : 16)), size: Number(word(section, wide ? 32 : 20)), segments, wide, bigEndian };
      }
    }
    return undefined;
  }
  return data === undefined ? undefined : { ...data, segments, wide, bigEndian };
}

async function table(file: RandomAccess, offset: number, size: number, count: number): Promise<Buffer[]> {
  if (count === 0 || offset === 0) return [];
  if (count > maxSections || size < 32 || size > 256) throw new Error('the program header is malformed');
  const bytes = Buffer.from(await file.read(offset, size * count));
  return Array.from({ length: Math.floor(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size));
}

async function pe(file: RandomAccess, head: Buffer): Promise<Region | undefined> {
  const at = head.readUInt32LE(60);
  const coff = Buffer.from(await file.read(at, 24 + 32));
  if (coff.length < 56 || coff.readUInt32BE(0) !== 0x50450000) return undefined;
  const wide = coff.readUInt16LE(24) === 0x20b;
  const base = wide ? coff.readBigUInt64LE(48) : BigInt(coff.readUInt32LE(52));
  const sections = await table(file, at + 24 + coff.readUInt16LE(20), 40, coff.readUInt16LE(6));
  const segments: Segment[] = [];
  let data: Segment | undefined;
  for (const section of sections) {
    const segment = { address: base + BigInt(section.readUInt32LE(12)), size: section.readUInt32LE(16), offset: section.readUInt32LE(20) };
    segments.push(segment);
    const flags = section.readUInt32LE(36);
    // Initialised, readable, writable data.
    if ((flags & 0xc0000040) >>> 0 === 0xc0000040) data ??= segment;
  }
  return data === undefined ? undefined : { offset: data.offset, size: data.size, segments, wide, bigEndian: false };
}

async function machO(file: RandomAccess, head: Buffer, wide: boolean): Promise<Region | undefined> {
  const count = head.readUInt32LE(16);
  const size = head.readUInt32LE(20);
  if (count > maxSections || size > 1024 * 1024) throw new Error('the Mach-O header is malformed');
  const bytes = Buffer.from(await file.read(wide ? 32 : 28, size));
  const segments: Segment[] = [];
  let region: { offset: number; size: number } | undefined;
  let at = 0;
  for (let index = 0; index < count && at + 8 <= bytes.length; index += 1) {
    const length = bytes.readUInt32LE(at + 4);
    if (length < 8 || at + length > bytes.length) break;
    if (bytes.readUInt32LE(at) === (wide ? 0x19 : 0x1) && length >= (wide ? 72 : 56)) {
      const segment = wide
        ? { address: bytes.readBigUInt64LE(at + 24), offset: Number(bytes.readBigUInt64LE(at + 40)), size: Number(bytes.readBigUInt64LE(at + 48)) }
        : { address: BigInt(bytes.readUInt32LE(at + 24)), offset: bytes.readUInt32LE(at + 32), size: bytes.readUInt32LE(at + 36) };
      segments.push(segment);
      const step = wide ? 80 : 68;
      for (let s = at + (wide ? 72 : 56); s + step <= at + length; s += step) {
        if (bytes.toString('latin1', s, s + 14) !== '__go_buildinfo') continue;
        region = wide ? { size: Number(bytes.readBigUInt64LE(s + 40)), offset: bytes.readUInt32LE(s + 48) } : { size: bytes.readUInt32LE(s + 36), offset: bytes.readUInt32LE(s + 40) };
      }
    }
    at += length;
  }
  return region === undefined ? undefined : { ...region, segments, wide, bigEndian: false };
}
