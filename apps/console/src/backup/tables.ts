import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';
import type { TableHead } from './format.ts';

/**
 * Left out: what is only of use to the processes that run now. Sessions end with the installation they were opened in;
 * changes carry this server's transaction ids; the schema's own record is written by its migrations; which summaries are
 * due is noted anew as the findings come back.
 */
const passing = ['sessions', 'login_failures', 'changes', 'schema_migrations', 'summaries_due'];

/** Every table to be kept with its columns, those that others refer to first. */
export async function keptTables(db: Db): Promise<TableHead[]> {
  const found = await sql<TableHead & { refers: string[] }>`
    select c.relname "table",
      (select array_agg(a.attname::text order by a.attnum) from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') columns,
      coalesce((select array_agg(distinct k.confrelid::regclass::text) from pg_constraint k where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid), '{}') refers
    from pg_class c where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by c.relname`.execute(db);
  const waiting = new Map(found.rows.filter((row) => !passing.includes(row.table)).map((row) => [row.table, row]));
  const ordered: TableHead[] = [];
  while (waiting.size > 0) {
    const next = [...waiting.values()].find((row) => row.refers.every((other) => !waiting.has(other)));
    if (next === undefined) throw new Error(`tables refer to each other in a circle: ${[...waiting.keys()].join(', ')}`);
    waiting.delete(next.table);
    ordered.push({ table: next.table, columns: next.columns });
  }
  return ordered;
}

/** Names of the day partitions there are. */
export async function dayPartitions(db: Db): Promise<string[]> {
  const rows = await sql<{ name: string }>`select relname name from pg_class where relispartition and relkind = 'r' and relnamespace = current_schema()::regnamespace and relname ~ '_[0-9]{8}$' order by 1`.execute(db);
  return rows.rows.map((row) => row.name);
}
