import { sql } from 'kysely';
import type { Db } from './database.ts';

/** Tables that grow with time, and for how many days each is kept unless a setting says otherwise. */
const retention = { audit: 730, changes: 2, item_ledger: 45, items_held: 90, detections: 180, waf_events: 60 } as const;
export type PartitionedTable = keyof typeof retention;
export const partitionedTables = Object.keys(retention) as PartitionedTable[];

const dayMs = 86_400_000;
const aheadDays = 7;
const behindDays = 2;

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** Makes the day partitions around `now`. A day whose rows already fell into the rest partition stays there. */
export async function openPartitions(db: Db, now: Date): Promise<void> {
  for (const table of partitionedTables) {
    for (let offset = -behindDays; offset <= aheadDays; offset += 1) {
      const from = dayOf(now.getTime() + offset * dayMs);
      const to = dayOf(now.getTime() + (offset + 1) * dayMs);
      const name = `${table}_${from.replaceAll('-', '')}`;
      const known = await sql<{ n: number }>`select 1 n from pg_class where relname = ${name}`.execute(db);
      if (known.rows.length > 0) continue;
      try {
        await sql`create table ${sql.id(name)} partition of ${sql.id(table)} for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(db);
        if (table === 'audit') await sql`create trigger ${sql.id(`${name}_no_truncate`)} before truncate on ${sql.id(name)} for each statement execute function refuse_change()`.execute(db);
      } catch (error) {
        // 23514: the rest partition holds rows of that day; 42P07/42P17: another replica was first.
        if (!['23514', '42P07', '42P17', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
      }
    }
  }
}

/** How many days each kind is kept: the defaults with what the settings change. */
export async function retentionDays(db: Db): Promise<Record<PartitionedTable, number>> {
  const row = await sql<{ value: Partial<Record<PartitionedTable, number>> }>`select value from settings where key = 'retention'`.execute(db);
  return { ...retention, ...row.rows[0]?.value };
}

/** Drops the day partitions that are older than their table's retention, and old rows of the rest partitions. */
export async function retire(db: Db, now: Date): Promise<string[]> {
  const days = await retentionDays(db);
  const dropped: string[] = [];
  for (const table of partitionedTables) {
    const oldest = dayOf(now.getTime() - days[table] * dayMs);
    const parts = await sql<{ name: string }>`select c.relname name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass`.execute(db);
    for (const { name } of parts.rows) {
      const day = /_(\d{4})(\d\d)(\d\d)$/.exec(name);
      if (day === null || `${day[1]}-${day[2]}-${day[3]}` >= oldest) continue;
      await sql`drop table if exists ${sql.id(name)}`.execute(db);
      dropped.push(name);
    }
    if (table !== 'audit') await sql`delete from ${sql.id(`${table}_rest`)} where at < ${oldest}::timestamptz`.execute(db);
  }
  return dropped;
}
