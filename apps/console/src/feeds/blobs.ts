import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { sql } from 'kysely';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';

const chunkBytes = 4 << 20;

/** Stores a file under its SHA-256, in the caller's transaction; a no-op when it is there. Throws when the file is another. */
export async function storeBlob(trx: Db, sha256: string, file: string, media: string): Promise<void> {
  const added = await sql`insert into blobs (sha256, size, media) values (${sha256}, ${statSync(file).size}, ${media}) on conflict do nothing returning sha256`.execute(trx);
  if (added.rows.length === 0) return;
  const hash = createHash('sha256');
  let n = 0;
  for await (const bytes of createReadStream(file, { highWaterMark: chunkBytes }) as AsyncIterable<Buffer>) {
    hash.update(bytes);
    await sql`insert into blob_chunks (sha256, n, bytes) values (${sha256}, ${n}, ${bytes})`.execute(trx);
    n += 1;
  }
  if (hash.digest('hex') !== sha256) throw refuse('conflict', 'the file changed while it was being stored');
}

/** A blob's bytes in order. Throws when a chunk is missing. */
export async function* readBlob(db: Db, sha256: string): AsyncGenerator<Buffer> {
  const chunks = await sql<{ n: number }>`select count(*)::int n from blob_chunks where sha256 = ${sha256}`.execute(db);
  for (let n = 0; n < (chunks.rows[0]?.n ?? 0); n += 1) {
    const row = await sql<{ bytes: Buffer }>`select bytes from blob_chunks where sha256 = ${sha256} and n = ${n}`.execute(db);
    if (row.rows[0] === undefined) throw refuse('internal', `blob ${sha256} lacks chunk ${n}`);
    yield row.rows[0].bytes;
  }
}
