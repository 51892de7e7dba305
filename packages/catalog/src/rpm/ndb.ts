import type { RandomAccess } from '@palisade/image/analyzer';
import { headerLimits } from './header.ts';

const pageSize = 4096;
const block = 16;
/** Slots for a million packages; a forged header could claim 16 TB of them. */
const maxSlotPages = 4096;

const slotMagic = 0x746f6c53;
const blobMagic = 0x53626c42;

/** The blobs of rpm's own "ndb" database (Packages.db, lib/backend/ndb): pages of slots, then blobs in blocks of 16 bytes. */
export async function* ndbHeaders(file: RandomAccess): AsyncGenerator<Buffer> {
  const head = Buffer.from(await file.read(0, 32));
  if (head.length < 32 || head.toString('latin1', 0, 4) !== 'RpmP') throw new Error('not an ndb package database');
  if (head.readUInt32LE(4) !== 0) throw new Error(`ndb version ${head.readUInt32LE(4)} is not supported`);
  const pages = head.readUInt32LE(12);
  if (pages > maxSlotPages) throw new Error(`${pages} pages of slots are over the limit of ${maxSlotPages}`);
  const slots = Buffer.from(await file.read(0, pages * pageSize));
  if (slots.length < pages * pageSize) throw new Error('the slots are cut short');
  let total = 0;
  // The header takes the room of the first two slots.
  for (let at = 32; at + 16 <= slots.length; at += 16) {
    if (slots.readUInt32LE(at) !== slotMagic) throw new Error(`the slot at ${at} is malformed`);
    const index = slots.readUInt32LE(at + 4);
    if (index === 0) continue;
    const offset = slots.readUInt32LE(at + 8) * block;
    const start = Buffer.from(await file.read(offset, 16));
    if (start.length < 16 || start.readUInt32LE(0) !== blobMagic || start.readUInt32LE(4) !== index) throw new Error(`package ${index} has no blob where its slot says`);
    const size = start.readUInt32LE(12);
    if (size > headerLimits.bytes || offset + 16 + size > file.size) throw new Error(`package ${index} claims ${size} bytes`);
    total += size;
    if (total > file.size) throw new Error('the blobs are larger than the file: blocks are used more than once');
    yield Buffer.from(await file.read(offset + 16, size));
  }
}
