import { DamagedArchive } from '../error.ts';

/** One 512-byte tar header (POSIX ustar with GNU extensions), as it stands; long names are joined by the reader. */
export type TarHeader = {
  name: string;
  readonly typeflag: string;
  size: number;
  readonly mode: number;
  uid: number;
  gid: number;
  mtime: number;
  linkname: string;
};

export const blockSize = 512;

/** True for the block of zeros that ends an archive. */
export function isZeroBlock(block: Buffer): boolean {
  if (block[0] !== 0) return false;
  for (let i = 1; i < blockSize; i += 1) if (block[i] !== 0) return false;
  return true;
}

/** Throws DamagedArchive when the checksum is wrong: then this is no header, and nothing after it can be trusted. */
export function parseHeader(block: Buffer): TarHeader {
  if (checksum(block) !== number(block, 148, 8)) throw new DamagedArchive('not a tar header: its checksum is wrong');
  let name = text(block, 0, 100);
  // GNU headers ("ustar  ") use the prefix field for other things.
  if (block[345] !== 0 && block[262] === 0 && block.toString('latin1', 257, 262) === 'ustar') {
    const prefix = text(block, 345, 155);
    if (prefix !== '') name = `${prefix}/${name}`;
  }
  const typeflag = String.fromCharCode(block[156] ?? 0);
  return {
    name,
    typeflag: typeflag === '\0' ? (name.endsWith('/') ? '5' : '0') : typeflag,
    size: number(block, 124, 12),
    mode: number(block, 100, 8) & 0o7777,
    uid: number(block, 108, 8),
    gid: number(block, 116, 8),
    mtime: number(block, 136, 12),
    linkname: block[157] === 0 ? '' : text(block, 157, 100),
  };
}

/** The sum of all bytes, the checksum's own field counting as blanks. */
function checksum(block: Buffer): number {
  let own = 0;
  for (let i = 148; i < 156; i += 1) own += block[i] ?? 0;
  return sumOf(block) - own + 8 * 32;
}

/** Two lanes of 16 bits, each adding two bytes of a word: 128 words make at most 65,280 a lane. */
function sumOf(block: Buffer): number {
  let lanes = 0;
  if (block.byteOffset % 4 === 0) {
    const words = new Uint32Array(block.buffer, block.byteOffset, blockSize / 4);
    for (const word of words) lanes += (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff);
  } else {
    for (let i = 0; i < blockSize; i += 4) {
      const word = block.readUInt32LE(i);
      lanes += (word & 0x00ff00ff) + ((word >>> 8) & 0x00ff00ff);
    }
  }
  return (lanes % 0x10000) + Math.floor(lanes / 0x10000);
}

function text(block: Buffer, offset: number, length: number): string {
  let end = offset;
  while (end < offset + length && block[end] !== 0) end += 1;
  return block.toString('utf8', offset, end);
}

/** Octal digits, or big-endian base 256 when the top bit is set (sizes over 8 GiB; GNU and star). */
function number(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) {
    let value = (first & 0x40) === 0 ? first & 0x3f : -(0x40 - (first & 0x3f));
    for (let i = offset + 1; i < offset + length; i += 1) value = value * 256 + (block[i] ?? 0);
    if (!Number.isSafeInteger(value)) throw new DamagedArchive('a number in a tar header is out of range');
    return value;
  }
  let value = 0;
  for (let i = offset; i < offset + length; i += 1) {
    const byte = block[i] ?? 0;
    if (byte >= 48 && byte <= 55) value = value * 8 + (byte - 48);
    else if (byte === 0 || (byte === 32 && value !== 0)) break;
    else if (byte !== 32) throw new DamagedArchive('a number in a tar header is not octal');
  }
  return value;
}
