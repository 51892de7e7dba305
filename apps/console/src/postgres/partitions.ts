import { sql } from 'kysely';
import { z } from 'zod';
import type { Db } from './database.ts';
import { refuse } from '../errors.ts';

/** Tables that grow with time, and for how many days each is kept unless a setting says otherwise. */
const retention = { audit: 730, changes: 2, item_ledger: 45, items_held: 90, detections: 180, responses: 365, waf_events: 60, alert_deliveries: 30 } as const;
export type PartitionedTable = keyof typeof retention;
export const partitionedTables = Object.keys(retention) as PartitionedTable[];

/** What ended long ago and is a row among living ones: its table, the condition that it has ended, since when, days kept. */
const ended = {
  containers: { key: 'key', since: 'removed_at', days: 30 },
  gaps: { key: 'id', since: 'until', days: 90 },
  commands: { key: 'id', since: 'finished_at', days: 180 },
  tasks: { key: 'id', since: 'finished_at', days: 90 },
  join_tokens: { key: 'id', since: 'expires_at', days: 30 },
} as const;
type EndedTable = keyof typeof ended;

const days = z.number().int().min(1).max(36_500);

/** Days for which files of evidence are kept; their entries in the chain stay. */
const evidenceDays = 365;

/** The setting `retention`: days by table; what it doesn't name keeps its default. The audit trail is kept 90 days at least. */
export const RetentionSetting = z.strictObject({
  ...Object.fromEntries([...partitionedTables, ...(Object.keys(ended) as EndedTable[])].map((table) => [table, days.optional()])),
  evidence: days.optional(),
  audit: days.min(90).optional(),
  // An item may come again for as long as an agent can hold it; forgotten earlier, it would be stored twice.
  item_ledger: days.min(7).optional(),
}) as z.ZodType<Partial<Record<PartitionedTable | EndedTable | 'evidence', number>>>;

/** Advisory lock (shared by backups, exclusive for the removal of partitions). */
export const partitionWork = 7_443_003;

const dayMs = 86_400_000;
const aheadDays = 7;
const behindDays = 2;

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** `audit_20261124`: its table and its day; undefined when it is no day partition of ours. */
export function partitionDay(name: string): { table: PartitionedTable; from: string; to: string } | undefined {
  const match = /^([a-z_]+)_(\d{4})(\d\d)(\d\d)$/.exec(name);
  const table = partitionedTables.find((one) => one === match?.[1]);
  if (match === null || table === undefined) return undefined;
  const from = `${match[2]}-${match[3]}-${match[4]}`;
  const start = Date.parse(`${from}T00:00:00Z`);
  return Number.isNaN(start) || dayOf(start) !== from ? undefined : { table, from, to: dayOf(start + dayMs) };
}

/** Makes one day partition by its name, with the connection that `run` stands for. */
export async function makePartition(run: (text: string) => Promise<unknown>, name: string): Promise<void> {
  const day = partitionDay(name);
  if (day === undefined) throw refuse('bad-request', `${name} is no day partition`);
  await run(`create table "${name}" partition of "${day.table}" for values from ('${day.from}') to ('${day.to}')`);
  if (day.table === 'audit') await run(`create trigger "${name}_no_truncate" before truncate on "${name}" for each statement execute function refuse_change()`);
}

/** Makes the day partitions around `now`, a week ahead. A day whose rows already fell into the rest partition stays there. */
export async function openPartitions(db: Db, now: Date): Promise<string[]> {
  const made: string[] = [];
  const wanted = partitionedTables.flatMap((table) => Array.from({ length: behindDays + aheadDays + 1 }, (_, n) => `${table}_${dayOf(now.getTime() + (n - behindDays) * dayMs).replaceAll('-', '')}`));
  const known = await sql<{ name: string }>`select relname name from pg_class where relname = any(${wanted})`.execute(db);
  const there = new Set(known.rows.map((row) => row.name));
  for (const name of wanted) {
    if (there.has(name)) continue;
    try {
      await makePartition((text) => sql.raw(text).execute(db), name);
      made.push(name);
    } catch (error) {
      // 23514: the rest partition holds rows of that day; 42P07/42P17: another replica was first.
      if (!['23514', '42P07', '42P17', '23505'].includes((error as { code?: string }).code ?? '')) throw error;
    }
  }
  return made;
}

/** How many days each kind is kept: the defaults with what the settings change. A setting that doesn't fit is refused, not guessed. */
export async function retentionDays(db: Db): Promise<Record<PartitionedTable | EndedTable | 'evidence', number>> {
  const row = await sql<{ value: unknown }>`select value from settings where key = 'retention'`.execute(db);
  const set = RetentionSetting.safeParse(row.rows[0]?.value ?? {});
  if (!set.success) throw refuse('invalid-document', `settings, retention: ${set.error.issues[0]?.path.join('.') ?? ''}: ${set.error.issues[0]?.message ?? ''}; nothing is removed`);
  const rows = Object.fromEntries(Object.entries(ended).map(([table, { days: kept }]) => [table, kept])) as Record<EndedTable, number>;
  return { ...retention, evidence: evidenceDays, ...rows, ...set.data };
}

/**
 * Drops the day partitions that are older than their table's retention, removes rows that ended before theirs, and
 * answers what it removed. While a backup or another replica is at work it leaves everything for the next time.
 */
export async function retire(db: Db, now: Date): Promise<{ dropped: string[]; rows: Partial<Record<string, number>> }> {
  return db.transaction().execute(async (trx) => {
    const mine = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${sql.lit(partitionWork)}) mine`.execute(trx);
    if (mine.rows[0]?.mine !== true) return { dropped: [], rows: {} };
    // A drop that waits for a reader makes every later reader and writer of the table wait behind it.
    await sql`set local lock_timeout = '2s'`.execute(trx);
    await sql`set local statement_timeout = 0`.execute(trx);
    const kept = await retentionDays(trx);
    const dropped: string[] = [];
    const rows: Partial<Record<string, number>> = {};
    for (const table of Object.keys(ended) as EndedTable[]) {
      const { key, since } = ended[table];
      const oldest = new Date(now.getTime() - kept[table] * dayMs).toISOString();
      const gone = await sql`delete from ${sql.id(table)} where ${sql.id(key)} in (select ${sql.id(key)} from ${sql.id(table)} where ${sql.id(since)} < ${oldest}::timestamptz limit 50000)`.execute(trx);
      if (gone.numAffectedRows !== undefined && gone.numAffectedRows > 0n) rows[table] = Number(gone.numAffectedRows);
    }
    for (const table of partitionedTables) {
      const oldest = dayOf(now.getTime() - kept[table] * dayMs);
      if (table !== 'audit') {
        const gone = await sql`delete from ${sql.id(`${table}_rest`)} where at < ${oldest}::timestamptz`.execute(trx);
        if (gone.numAffectedRows !== undefined && gone.numAffectedRows > 0n) rows[`${table}_rest`] = Number(gone.numAffectedRows);
      }
      const parts = await sql<{ name: string }>`select c.relname name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = ${table}::regclass order by 1`.execute(trx);
      for (const { name } of parts.rows) {
        const day = partitionDay(name);
        if (day === undefined || day.from >= oldest) continue;
        await sql`drop table if exists ${sql.id(name)}`.execute(trx);
        dropped.push(name);
      }
    }
    return { dropped, rows };
  });
}
