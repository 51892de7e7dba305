import type { RandomAccess } from '@palisade/image/analyzer';
import type { Region } from './executable.ts';

/** `version` as the linker wrote it ("go1.22.1 X:exp"), `modules` the module text without its sentinels. */
export type BuildInfo = { readonly version: string; readonly modules: string };

/** The blob is aligned to 16 and lies at the region's start; Go's own reader looks through it, bounded here. */
const limits = { search: 1024 * 1024, string: 16 * 1024 * 1024 } as const;

const magic = Buffer.from('\u00ff Go buildinf:', 'latin1');

/** Reads both forms: strings inline (Go 1.18 and later) and pointers to string headers (before). Throws on a forged blob. */
export async function readBuildInfo(file: RandomAccess, region: Region): Promise<BuildInfo | undefined> {
  const data = Buffer.from(await file.read(region.offset, Math.min(region.size, limits.search)));
  let at = data.indexOf(magic);
  while (at !== -1 && (at % 16 !== 0 || at + 32 > data.length)) at = data.indexOf(magic, at + 1);
  if (at === -1) return undefined;
  const flags = data[at + 15] ?? 0;
  if ((flags & 2) !== 0) {
    const start = region.offset + at + 32;
    const version = await inlineString(file, start);
    const modules = await inlineString(file, version.end);
    return { version: version.bytes.toString('utf8'), modules: withoutSentinels(modules.bytes) };
  }
  const pointerSize = data[at + 14] ?? 0;
  if (pointerSize !== 4 && pointerSize !== 8) throw new Error(`pointer size ${pointerSize}`);
  const bigEndian = (flags & 1) === 1;
  const version = await pointedString(file, region, pointer(data, at + 16, pointerSize, bigEndian), pointerSize, bigEndian);
  const modules = await pointedString(file, region, pointer(data, at + 16 + pointerSize, pointerSize, bigEndian), pointerSize, bigEndian);
  return { version: version.toString('utf8'), modules: withoutSentinels(modules) };
}

/** A varint length and the bytes. */
async function inlineString(file: RandomAccess, offset: number): Promise<{ bytes: Buffer; end: number }> {
  const head = Buffer.from(await file.read(offset, 10));
  let length = 0;
  let used = 0;
  for (const byte of head) {
    length += (byte & 0x7f) * 2 ** (7 * used);
    used += 1;
    if (byte < 0x80) break;
  }
  if (used === 0 || (head[used - 1] ?? 0x80) >= 0x80) throw new Error('a string length is malformed');
  const bytes = await bounded(file, offset + used, length);
  return { bytes, end: offset + used + length };
}

async function pointedString(file: RandomAccess, region: Region, address: bigint, size: number, bigEndian: boolean): Promise<Buffer> {
  if (address === 0n) return Buffer.alloc(0);
  const header = await bounded(file, offsetOf(region, address), size * 2);
  const data = pointer(header, 0, size, bigEndian);
  const length = Number(pointer(header, size, size, bigEndian));
  return length === 0 ? Buffer.alloc(0) : bounded(file, offsetOf(region, data), length);
}

async function bounded(file: RandomAccess, offset: number, length: number): Promise<Buffer> {
  if (!Number.isSafeInteger(length) || length > limits.string) throw new Error(`a string of ${length} bytes is over the limit of ${limits.string}`);
  const bytes = Buffer.from(await file.read(offset, length));
  if (bytes.length < length) throw new Error('a string reaches past the end of the file');
  return bytes;
}

function offsetOf(region: Region, address: bigint): number {
  for (const segment of region.segments) {
    const within = address - segment.address;
    if (within >= 0n && within < BigInt(segment.size)) return segment.offset + Number(within);
  }
  throw new Error('an address lies in no segment');
}

function pointer(bytes: Buffer, at: number, size: number, bigEndian: boolean): bigint {
  if (size === 4) return BigInt(bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  return bigEndian ? bytes.readBigUInt64BE(at) : bytes.readBigUInt64LE(at);
}

/** The linker frames the module text by 16 bytes on either side, so that it can be found in a running process. */
function withoutSentinels(bytes: Buffer): string {
  return bytes.length >= 33 && bytes[bytes.length - 17] === 10 ? bytes.toString('utf8', 16, bytes.length - 16) : '';
}
