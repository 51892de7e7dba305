import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';
import { filesOf } from './verify.ts';

/** Pieces whose list never came are given up after so many days. */
const partDays = 7;

/** Removes the bytes of evidence older than `days`; the entries of the chain stay, so that it can still be verified. */
export async function retireEvidence(db: Db, now: Date, days: number): Promise<number> {
  const before = (count: number): string => new Date(now.getTime() - count * 86_400_000).toISOString();
  await sql`delete from evidence_parts where at < ${before(partDays)}::timestamptz`.execute(db);
  return db.transaction().execute(async (trx) => {
    const old = await sql<{ seq: string; entry: string }>`select seq, entry from evidence where removed_at is null and received_at < ${before(days)}::timestamptz order by seq limit 500 for update skip locked`.execute(trx);
    for (const row of old.rows) {
      await sql`update evidence set removed_at = now(), removed_why = ${`older than ${days} days`} where seq = ${row.seq}`.execute(trx);
      for (const { sha256 } of filesOf(row.entry)) {
        await sql`delete from blobs b where b.sha256 = ${sha256} and not exists (select 1 from evidence e where e.removed_at is null and e.entry like ${`%${sha256}%`}) and not exists (select 1 from feeds f where f.sha256 = b.sha256)`.execute(trx);
      }
    }
    return old.rows.length;
  });
}
