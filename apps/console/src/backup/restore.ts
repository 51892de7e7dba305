import { finished } from 'node:stream/promises';
import { sql } from 'kysely';
import { from as copyFrom } from 'pg-copy-streams';
import type pg from 'pg';
import { refuse } from '../errors.ts';
import { migrations } from '../migrations/registry.ts';
import type { Database } from '../postgres/database.ts';
import { onConnection } from '../postgres/database.ts';
import { checksumOf, migrate } from '../postgres/migrate.ts';
import { makePartition } from '../postgres/partitions.ts';
import { unseal } from '../secret.ts';
import type { Header, TableHead } from './format.ts';
import { readBackup } from './format.ts';
import { keptTables } from './tables.ts';

export type RestoreDone = { readonly taken: string; readonly tables: number; readonly rows: number; readonly agents: number };

/**
 * Fills an empty database from a backup: the file is checked to its end first, then everything goes in within one
 * transaction, at the schema the backup was taken at, which is then brought forward. `secret` must be the one of the
 * installation that was backed up: its certificate authority's key is sealed under it.
 */
export async function restoreBackup(database: Database, file: string, secret: string, progress: (table: string, rows: number) => void): Promise<RestoreDone> {
  const header = await checkedHeader(file);
  const { db, pool } = database;
  const known = await sql<{ n: number }>`select count(*)::int n from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p')`.execute(db);
  if ((known.rows[0]?.n ?? 0) > 0) throw refuse('conflict', 'the database is not empty: a restore never writes over anything');
  const steps = header.migrations.map(({ name, checksum }) => {
    const ours = migrations.find((step) => step.name === name);
    if (ours === undefined) throw refuse('conflict', `this backup was taken by a newer release (${header.version}): it has migration ${name}`);
    if (checksumOf(ours) !== checksum) throw refuse('conflict', `migration ${name} of this backup differs from ours`);
    return ours;
  });
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('set local statement_timeout = 0');
    for (const step of steps) await client.query(step.text);
    await client.query('create table if not exists schema_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())');
    for (const { name, checksum } of header.migrations) await client.query('insert into schema_migrations (name, checksum) values ($1, $2)', [name, checksum]);
    const heads = new Map((await keptTables(onConnection(client))).map((head) => [head.table, head]));
    for (const name of header.partitions) await makePartition((text) => client.query(text), name);
    const { tables, rows } = await fill(client, file, heads, progress);
    for (const { name, value } of header.sequences) await client.query('select setval(to_regclass($1), $2::bigint) where to_regclass($1) is not null', [name, value]);
    const sealed = await client.query<{ sealed_key: string }>('select sealed_key from authority');
    for (const row of sealed.rows) unseal(secret, 'ca-key', row.sealed_key);
    // What agents delivered after the backup is gone here, and they think we have it: each is asked to tell all anew.
    const agents = await client.query(`insert into commands (id, cluster, agent, node, kind, body, created_by, expires_at)
      select 'cmd_' || replace(gen_random_uuid()::text, '-', ''), cluster, id, node, 'resync', '{}', 'restore', now() + interval '30 days' from agents where revoked_at is null`);
    await client.query(`insert into audit (actor, action, subject, detail) values ('restore', 'backup.restore', 'installation', $1)`, [JSON.stringify({ taken: header.taken, version: header.version, rows })]);
    await client.query('commit');
    await migrate(db, migrations);
    return { taken: header.taken, tables, rows, agents: agents.rowCount ?? 0 };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release(true);
  }
}

/** Reads the whole file once: nothing is written before its last byte has been found good. */
async function checkedHeader(file: string): Promise<Header> {
  let header: Header | undefined;
  for await (const entry of readBackup(file)) if (entry.kind === 'header') header = entry.header;
  if (header === undefined) throw refuse('bad-request', `${file}: no Palisade backup`);
  return header;
}

async function fill(client: pg.PoolClient, file: string, heads: ReadonlyMap<string, TableHead>, progress: (table: string, rows: number) => void): Promise<{ tables: number; rows: number }> {
  let into: ReturnType<typeof copyFrom> | undefined;
  let table = '';
  let all = 0;
  for await (const entry of readBackup(file)) {
    if (entry.kind === 'table') {
      table = entry.head.table;
      const ours = heads.get(table);
      const strange = ours === undefined ? table : entry.head.columns.find((name) => !ours.columns.includes(name));
      if (strange !== undefined) throw refuse('conflict', `${file}: ${table}: the schema has no ${strange}`);
      into = client.query(copyFrom(`copy "${table}" (${entry.head.columns.map((name) => `"${name}"`).join(', ')}) from stdin`));
    } else if (entry.kind === 'rows' && into !== undefined) {
      const stream = into;
      // The callback says that these rows are taken, or why they are not.
      await new Promise<void>((resolve, reject) => void stream.write(entry.bytes, (error) => (error ? reject(error) : resolve())));
    } else if (entry.kind === 'table-end' && into !== undefined) {
      const over = finished(into);
      into.end();
      await over;
      if (into.rowCount !== entry.rows) throw refuse('internal', `${table}: ${into.rowCount} of ${entry.rows} rows came in`);
      all += entry.rows;
      progress(table, entry.rows);
    } else if (entry.kind === 'end') return { tables: entry.tables, rows: all };
  }
  throw refuse('bad-request', `${file}: ends too early`);
}
