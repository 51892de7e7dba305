import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { createZstdDecompress } from 'node:zlib';
import { z } from 'zod';
import { PalisadeError, messageOf } from '@palisade/model/error';
import { refuse } from '../errors.ts';

// A backup is a zstd stream of records, each one byte of kind and four of length (big endian), then the bytes:
//   H  Header, JSON, first        T  a table begins: its name and columns, JSON
//   D  rows, COPY's text format   E  the table's end: rows and SHA-256 of its D bytes, JSON     Z  the end, JSON
export const Header = z.object({
  format: z.literal('palisade.backup/1'),
  version: z.string(),
  taken: z.string(),
  /** Steps of the schema and their checksums, in order. */
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  /** Day partitions: `audit_20261124`. */
  partitions: z.array(z.string().regex(/^[a-z_]+_\d{8}$/)),
  sequences: z.array(z.object({ name: z.string(), value: z.string().regex(/^\d+$/) })),
});
export type Header = z.infer<typeof Header>;

const Name = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/);
export const TableHead = z.object({ table: Name, columns: z.array(Name).min(1) });
export type TableHead = z.infer<typeof TableHead>;

const TableEnd = z.object({ rows: z.number().int(), sha256: z.string() });
const End = z.object({ tables: z.number().int(), rows: z.number().int() });

export type Entry =
  | { kind: 'header'; header: Header }
  | { kind: 'table'; head: TableHead }
  | { kind: 'rows'; bytes: Buffer }
  | { kind: 'table-end'; rows: number }
  | { kind: 'end'; tables: number; rows: number };

/** One record is never longer: what we write is cut to it, what claims more is no backup of ours. */
const longest = 64 << 20;

/** Writes one record, waiting for a slow disk. */
export async function writeRecord(out: Writable, kind: 'H' | 'T' | 'D' | 'E' | 'Z', body: Buffer | object): Promise<void> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const head = Buffer.alloc(5);
  head.write(kind, 0, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  out.write(head);
  if (!out.write(bytes)) await once(out, 'drain');
}

/**
 * Reads a backup file. Every table's checksum and the closing record are checked; whatever doesn't fit is an error that
 * names the file, so that half a backup is never taken for a whole one.
 */
export async function* readBackup(file: string): AsyncGenerator<Entry, void> {
  const hash = { now: createHash('sha256') };
  let place: 'start' | 'between' | 'table' | 'over' = 'start';
  let tables = 0;
  const bad = (why: string): Error => refuse('bad-request', `${file}: ${place === 'start' ? 'no Palisade backup' : 'damaged or cut off'}: ${why}`);
  const json = <Value>(schema: z.ZodType<Value>, body: Buffer): Value => {
    try {
      return schema.parse(JSON.parse(body.toString('utf8')));
    } catch (error) {
      throw bad(messageOf(error));
    }
  };
  const source = createReadStream(file);
  const unpacked = createZstdDecompress();
  source.on('error', (error) => unpacked.destroy(error));
  source.pipe(unpacked);
  const records = records_(unpacked, bad);
  try {
    for await (const { kind, body } of records) {
      if (place === 'over') throw bad('something follows its end');
      if (kind === 'H' && place === 'start') {
        const header = json(Header, body);
        place = 'between';
        yield { kind: 'header', header };
      } else if (kind === 'T' && place === 'between') {
        place = 'table';
        hash.now = createHash('sha256');
        yield { kind: 'table', head: json(TableHead, body) };
      } else if (kind === 'D' && place === 'table') {
        hash.now.update(body);
        yield { kind: 'rows', bytes: body };
      } else if (kind === 'E' && place === 'table') {
        const end = json(TableEnd, body);
        if (hash.now.digest('hex') !== end.sha256) throw bad('a checksum does not match');
        place = 'between';
        tables += 1;
        yield { kind: 'table-end', rows: end.rows };
      } else if (kind === 'Z' && place === 'between') {
        const end = json(End, body);
        if (end.tables !== tables) throw bad(`${tables} of ${end.tables} tables`);
        place = 'over';
        yield { kind: 'end', ...end };
      } else throw bad(`a record of kind ${JSON.stringify(kind)} is out of place`);
    }
  } catch (error) {
    // An error of the file system names the file itself; our own are whole sentences; the rest is the unpacker's.
    if (error instanceof PalisadeError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw bad(messageOf(error));
  } finally {
    source.destroy();
    unpacked.destroy();
  }
  if (place !== 'over') throw bad('it ends too early');
}

async function* records_(stream: Readable, bad: (why: string) => Error): AsyncGenerator<{ kind: string; body: Buffer }, void> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    length += chunk.length;
    while (length >= 5) {
      if ((held[0]?.length ?? 0) < 5) held = [Buffer.concat(held)];
      const size = held[0]?.readUInt32BE(1) ?? 0;
      if (size > longest) throw bad(`a record claims ${size} bytes`);
      if (length < 5 + size) break;
      const all = held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held);
      yield { kind: all.toString('latin1', 0, 1), body: all.subarray(5, 5 + size) };
      const rest = all.subarray(5 + size);
      held = rest.length === 0 ? [] : [rest];
      length = rest.length;
    }
  }
  if (length > 0) throw bad('it ends within a record');
}
