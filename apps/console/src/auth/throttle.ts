import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';
import { refuse } from '../errors.ts';

// Kept in the database so that the limit holds over all replicas. An address may fail more often than a name,
// since many people can sit behind one.
const limits = [
  { kind: 'name', failures: 10 },
  { kind: 'address', failures: 50 },
] as const;

/** Refuses when `name` or `address` failed too often in the last 15 minutes. */
export async function checkAttempts(db: Db, name: string, address: string): Promise<void> {
  for (const { kind, failures } of limits) {
    const key = `${kind}:${kind === 'name' ? name.toLowerCase() : address}`;
    // The wait ends when so many of them are older than 15 minutes that fewer than the limit count.
    const found = await sql<{ wait: number }>`select ceil(extract(epoch from at + interval '15 minutes' - now()))::int wait from login_failures
      where key = ${key} and at > now() - interval '15 minutes' order by at desc offset ${failures - 1} limit 1`.execute(db);
    const wait = found.rows[0]?.wait;
    if (wait !== undefined) throw refuse('too-many-attempts', `too many failed attempts: the next one is possible in ${wait < 90 ? `${wait} s` : `${Math.ceil(wait / 60)} min`}`, { retryAfterSeconds: wait });
  }
}

/** Remembers a failure, and forgets those that no longer count. */
export async function noteFailure(db: Db, name: string, address: string): Promise<void> {
  await sql`insert into login_failures (key) values (${`name:${name.toLowerCase()}`}), (${`address:${address}`})`.execute(db);
  await sql`delete from login_failures where at < now() - interval '1 hour'`.execute(db);
}
