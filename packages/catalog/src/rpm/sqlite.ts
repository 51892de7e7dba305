import type { RandomAccess } from '@palisade/image/analyzer';
import { headerLimits } from './header.ts';

/** Against b-trees that loop: a sound tree is not deeper, and visits each page of the file once (the schema's a few times more). */
const limits = { depth: 40, revisits: 64 } as const;

type Database = { readonly file: RandomAccess; readonly pageSize: number; readonly usable: number; visited: number };

/**
 * The blobs of the table "Packages" of rpmdb.sqlite, straight from the pages (sqlite.org/fileformat2): the file
 * comes from strangers, and a reader of one table is all that is needed. Throws on a malformed file.
 */
export async function* sqliteHeaders(file: RandomAccess): AsyncGenerator<Buffer> {
  const head = Buffer.from(await file.read(0, 100));
  if (head.length < 100 || head.toString('latin1', 0, 15) !== 'SQLite format 3') throw new Error('not an SQLite database');
  const raw = head.readUInt16BE(16);
  const pageSize = raw === 1 ? 65_536 : raw;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0) throw new Error(`page size ${pageSize}`);
  const database: Database = { file, pageSize, usable: pageSize - (head[20] ?? 0), visited: 0 };
  let root = 0;
  for await (const record of rows(database, 1, 0)) {
    const [kind, name, , page] = columns(record);
    if (kind?.toString() === 'table' && name?.toString() === 'Packages' && page !== undefined) root = page.readUIntBE(0, Math.min(6, page.length));
  }
  if (root === 0) throw new Error('there is no table Packages');
  for await (const record of rows(database, root, 0)) {
    const blob = columns(record)[1];
    if (blob !== undefined) yield blob;
  }
}

async function* rows(database: Database, number: number, depth: number): AsyncGenerator<Buffer> {
  if (depth > limits.depth) throw new Error('the b-tree is too deep or loops');
  const page = await readPage(database, number);
  const start = number === 1 ? 100 : 0;
  const kind = page[start];
  if (kind !== 5 && kind !== 13) throw new Error(`page ${number} is not part of a table`);
  const count = page.readUInt16BE(start + 3);
  const pointers = start + (kind === 5 ? 12 : 8);
  if (pointers + count * 2 > page.length) throw new Error(`page ${number} claims ${count} cells`);
  for (let i = 0; i < count; i += 1) {
    const cell = page.readUInt16BE(pointers + i * 2);
    if (kind === 5) yield* rows(database, at32(page, cell), depth + 1);
    else yield await payload(database, page, cell);
  }
  if (kind === 5) yield* rows(database, at32(page, start + 8), depth + 1);
}

async function readPage(database: Database, number: number): Promise<Buffer> {
  database.visited += 1;
  if (number < 1) throw new Error(`page ${number} does not exist`);
  if (database.visited > database.file.size / database.pageSize + limits.revisits) throw new Error('more pages are linked than the file has: they form a loop');
  const page = Buffer.from(await database.file.read((number - 1) * database.pageSize, database.pageSize));
  if (page.length < database.pageSize) throw new Error(`page ${number} lies past the end of the file`);
  return page;
}

function at32(page: Buffer, at: number): number {
  if (at + 4 > page.length) throw new Error('a cell lies outside its page');
  return page.readUInt32BE(at);
}

/** A leaf cell: length, row id, the beginning of the payload, and the page on which it goes on. */
async function payload(database: Database, page: Buffer, cell: number): Promise<Buffer> {
  const size = varint(page, cell);
  const key = varint(page, size.next);
  if (size.value > headerLimits.bytes) throw new Error(`a row of ${size.value} bytes is over the limit of ${headerLimits.bytes}`);
  const most = database.usable - 35;
  const least = Math.floor(((database.usable - 12) * 32) / 255) - 23;
  const rest = least + ((size.value - least) % (database.usable - 4));
  const local = size.value <= most ? size.value : rest <= most ? rest : least;
  const parts = [page.subarray(key.next, key.next + local)];
  let read = local;
  let next = size.value > local ? at32(page, key.next + local) : 0;
  while (read < size.value) {
    const overflow = await readPage(database, next);
    const take = Math.min(size.value - read, database.usable - 4);
    parts.push(overflow.subarray(4, 4 + take));
    read += take;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}

/** Columns of a record as bytes; NULL and the constants 0 and 1 as empty. */
function columns(record: Buffer): (Buffer | undefined)[] {
  const head = varint(record, 0);
  const found: (Buffer | undefined)[] = [];
  let at = head.next;
  let data = head.value;
  while (at < head.value && at < record.length) {
    const serial = varint(record, at);
    at = serial.next;
    const size = serial.value >= 12 ? Math.floor((serial.value - 12) / 2) : ([0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][serial.value] ?? 0);
    found.push(size === 0 ? undefined : record.subarray(data, data + size));
    data += size;
  }
  return found;
}

function varint(bytes: Buffer, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 9; i += 1) {
    const byte = bytes[at + i];
    if (byte === undefined) throw new Error('a number is cut short');
    if (i === 8) return { value: value * 256 + byte, next: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return { value, next: at + 9 };
}
