import type { RandomAccess } from '@palisade/image/analyzer';
import { headerLimits } from './header.ts';

const hashMagic = 0x061561;
const pageHeader = 26;
const pageTypes = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const itemTypes = { inline: 1, offPage: 3 } as const;
/** 64 GB of the usual pages; a forged count is also held to the file's size. */
const maxPages = 16_000_000;

type Database = { readonly file: RandomAccess; readonly pageSize: number; readonly last: number; readonly u16: (b: Buffer, at: number) => number; readonly u32: (b: Buffer, at: number) => number };

/** The values of a Berkeley DB hash file (Packages of rpm before 4.16): every hash page's data items, off-page ones followed. */
export async function* berkeleyHeaders(file: RandomAccess): AsyncGenerator<Buffer> {
  const database = await open(file);
  let total = 0;
  for (let number = 1; number <= database.last; number += 1) {
    const page = await readPage(database, number);
    const type = page[25];
    if (type !== pageTypes.hash && type !== pageTypes.hashUnsorted) continue;
    const count = database.u16(page, 20);
    if (pageHeader + count * 2 > page.length) throw new Error(`page ${number} claims ${count} items`);
    // Keys and values alternate.
    for (let i = 1; i < count; i += 2) {
      const at = database.u16(page, pageHeader + i * 2);
      const end = database.u16(page, pageHeader + (i - 1) * 2);
      if (at + 1 > page.length) throw new Error(`page ${number}: an item lies outside`);
      if (page[at] === itemTypes.offPage) {
        const value = await overflow(database, page, at);
        total += value.length;
        // Many items that name the same pages would keep us busy for ever.
        if (total > file.size) throw new Error('the values are larger than the file: pages are used more than once');
        yield value;
      }
      // The record under key 0 counts packages and is four bytes long.
      if (page[at] === itemTypes.inline && end > at + 8) yield page.subarray(at + 1, end);
    }
  }
}

async function open(file: RandomAccess): Promise<Database> {
  const head = Buffer.from(await file.read(0, 512));
  if (head.length < 512) throw new Error('not a Berkeley DB file: too short');
  const little = head.readUInt32LE(12) === hashMagic;
  if (!little && head.readUInt32BE(12) !== hashMagic) throw new Error('not a Berkeley DB hash file');
  const u16 = (b: Buffer, at: number): number => (little ? b.readUInt16LE(at) : b.readUInt16BE(at));
  const u32 = (b: Buffer, at: number): number => (little ? b.readUInt32LE(at) : b.readUInt32BE(at));
  if (head[24] !== 0) throw new Error('the database is encrypted');
  const pageSize = u32(head, 20);
  if (pageSize < 512 || pageSize > 65_536 || (pageSize & (pageSize - 1)) !== 0) throw new Error(`page size ${pageSize}`);
  const last = u32(head, 32);
  if (last > maxPages || last * pageSize >= file.size) throw new Error(`${last} pages do not fit the file`);
  return { file, pageSize, last, u16, u32 };
}

async function readPage(database: Database, number: number): Promise<Buffer> {
  if (number < 1 || number > database.last) throw new Error(`page ${number} does not exist`);
  const page = Buffer.from(await database.file.read(number * database.pageSize, database.pageSize));
  if (page.length < database.pageSize) throw new Error(`page ${number} is cut short`);
  return page;
}

/** A value on pages of its own: first page and length in the item, each page naming the next. */
async function overflow(database: Database, page: Buffer, at: number): Promise<Buffer> {
  if (at + 12 > page.length) throw new Error('an off-page item is cut short');
  const size = database.u32(page, at + 8);
  if (size > headerLimits.bytes || size > database.file.size) throw new Error(`a value claims ${size} bytes`);
  const parts: Buffer[] = [];
  let read = 0;
  let next = database.u32(page, at + 4);
  while (read < size) {
    const one = await readPage(database, next);
    const length = database.u16(one, 22);
    if (one[25] !== pageTypes.overflow || length === 0 || length > database.pageSize - pageHeader) throw new Error(`page ${next} does not go on with a value`);
    parts.push(one.subarray(pageHeader, pageHeader + length));
    read += length;
    next = database.u32(one, 16);
  }
  return Buffer.concat(parts).subarray(0, size);
}
