import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sql } from 'kysely';
import { refuse } from '../errors.ts';
import type { Db } from '../postgres/database.ts';
import { readBlob } from './blobs.ts';

/** This replica's verified copy of the bundle in use; null when none is. */
export type ActiveFeed = () => Promise<{ sha256: string; file: string } | null>;

/** Keeps copies of the bundles in use under `folder`, each checked against its SHA-256 when it is written. */
export function localFeeds(db: Db, folder: string): ActiveFeed {
  let fetching: Promise<void> | undefined;
  const fetchCopy = async (sha256: string, file: string): Promise<void> => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const partial = `${file}.${process.pid}.partial`;
    const hash = createHash('sha256');
    try {
      await pipeline(
        Readable.from(readBlob(db, sha256)),
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(partial, { mode: 0o600 }),
      );
      if (hash.digest('hex') !== sha256) throw refuse('internal', `feed bundle ${sha256} is damaged in the database: import it again`);
      renameSync(partial, file);
    } finally {
      rmSync(partial, { force: true });
    }
    // An open copy stays readable for whoever has it open.
    for (const name of readdirSync(folder)) if (name.endsWith('.db') && name !== path.basename(file)) rmSync(path.join(folder, name), { force: true });
  };
  return async () => {
    const active = await sql<{ sha256: string }>`select sha256 from feeds where active`.execute(db);
    const sha256 = active.rows[0]?.sha256;
    if (sha256 === undefined) return null;
    const file = path.join(folder, `${sha256}.db`);
    if (!existsSync(file)) {
      fetching ??= fetchCopy(sha256, file).finally(() => (fetching = undefined));
      await fetching;
    }
    return { sha256, file };
  };
}
