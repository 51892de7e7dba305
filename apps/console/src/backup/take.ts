import { createHash } from 'node:crypto';
import { closeSync, createWriteStream, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { sql } from 'kysely';
import { to as copyTo } from 'pg-copy-streams';
import type { Database } from '../postgres/database.ts';
import { onConnection } from '../postgres/database.ts';
import { writeRecord } from './format.ts';
import { dayPartitions, keptTables } from './tables.ts';
import { partitionWork } from '../postgres/partitions.ts';

export type BackupDone = { readonly tables: number; readonly rows: number; readonly taken: string };

/**
 * Writes everything of one moment (one snapshot) into `file`, which appears only when it is whole. The console may go
 * on working meanwhile. Refuses a database without our schema.
 */
export async function takeBackup(database: Database, file: string, version: string, progress: (table: string, rows: number) => void): Promise<BackupDone> {
  const fresh = `${file}.${process.pid}.part`;
  const client = await database.pool.connect();
  try {
    const fd = openSync(fresh, 'wx', 0o600);
    const packed = createZstdCompress();
    const out = createWriteStream('', { fd, autoClose: false });
    packed.pipe(out);
    const written = finished(out);
    written.catch((error: Error) => packed.destroy(error));
    const db = onConnection(client);
    await client.query('begin isolation level repeatable read read only');
    await client.query('set local statement_timeout = 0');
    // Day partitions must not be dropped under the snapshot: their removal would wait for us, and everyone for it.
    await client.query(`select pg_advisory_lock_shared(${partitionWork})`);
    const taken = new Date().toISOString();
    const migrations = await sql<{ name: string; checksum: string }>`select name, checksum from schema_migrations order by name`.execute(db);
    const sequences = await sql<{ name: string; value: string }>`select sequencename name, last_value::text value from pg_sequences where schemaname = current_schema() and last_value is not null order by 1`.execute(db);
    await writeRecord(packed, 'H', { format: 'palisade.backup/1', version, taken, migrations: migrations.rows, partitions: await dayPartitions(db), sequences: sequences.rows });
    let all = 0;
    const tables = await keptTables(db);
    for (const head of tables) {
      await writeRecord(packed, 'T', head);
      const hash = createHash('sha256');
      const columns = head.columns.map((name) => `"${name}"`).join(', ');
      const rows = client.query(copyTo(`copy (select ${columns} from "${head.table}") to stdout`));
      for await (const chunk of rows as AsyncIterable<Buffer>) {
        hash.update(chunk);
        await writeRecord(packed, 'D', chunk);
      }
      await writeRecord(packed, 'E', { rows: rows.rowCount, sha256: hash.digest('hex') });
      all += rows.rowCount;
      progress(head.table, rows.rowCount);
    }
    await writeRecord(packed, 'Z', { tables: tables.length, rows: all });
    packed.end();
    await written;
    fsyncSync(fd);
    closeSync(fd);
    renameSync(fresh, file);
    return { tables: tables.length, rows: all, taken };
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    // Ends the snapshot and gives the lock back, whatever state the connection is in.
    client.release(true);
  }
}
