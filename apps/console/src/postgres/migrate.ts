import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { refuse } from '../errors.ts';

/** One step forward: `name` never changes, nor does `text` once released (its checksum is recorded). */
export type Migration = { readonly name: string; readonly text: string };

/** Any number that no one else uses for an advisory lock in this database. */
const lockKey = 7_443_001;

/** SHA-256 (hex) of a step's text: what the database records of it. */
export function checksumOf(step: Migration): string {
  return createHash('sha256').update(step.text).digest('hex');
}

/**
 * Brings the schema forward, each step in its own transaction, one replica at a time. Refuses a database whose
 * recorded steps differ from ours (a changed file, or a newer release's database). Answers the names it applied.
 */
export async function migrate(db: Db, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  await sql`create table if not exists schema_migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())`
    .execute(db)
    .catch((error: unknown) => {
      // Two replicas starting at once can collide on the type's name; the table then exists.
      if (!(error instanceof Error && /duplicate|already exists/.test(error.message))) throw error;
    });
  // Most starts find every step applied: asked once, not step by step.
  const before = await sql<{ name: string; checksum: string }>`select name, checksum from schema_migrations`.execute(db);
  const same = new Map(before.rows.map((row) => [row.name, row.checksum]));
  for (const step of migrations) {
    const checksum = checksumOf(step);
    if (same.get(step.name) === checksum) continue;
    await db.transaction().execute(async (trx) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(lockKey)})`.execute(trx);
      const known = await sql<{ checksum: string }>`select checksum from schema_migrations where name = ${step.name}`.execute(trx);
      const row = known.rows[0];
      if (row !== undefined) {
        if (row.checksum !== checksum) throw refuse('conflict', `migration ${step.name} differs from the one this database was made with`);
        return;
      }
      await sql`set local statement_timeout = 0`.execute(trx);
      await sql.raw(step.text).execute(trx);
      await sql`insert into schema_migrations (name, checksum) values (${step.name}, ${checksum})`.execute(trx);
      applied.push(step.name);
    });
  }
  const names = new Set(migrations.map((step) => step.name));
  const recorded = await sql<{ name: string }>`select name from schema_migrations`.execute(db);
  const newer = recorded.rows.find((row) => !names.has(row.name));
  if (newer !== undefined) throw refuse('conflict', `this database belongs to a newer release: it has migration ${newer.name}`);
  return applied;
}
