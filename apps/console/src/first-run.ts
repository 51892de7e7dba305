import { sql } from 'kysely';
import { freshSecret, hashSecret } from './auth/sessions.ts';
import type { Db } from './postgres/database.ts';

/** A fresh one-time token for the first administrator (24 h; it replaces an earlier one); undefined once there is a user. */
export async function firstRunToken(db: Db): Promise<string | undefined> {
  const users = await sql<{ n: number }>`select 1 n from users limit 1`.execute(db);
  if (users.rows.length > 0) return undefined;
  const secret = freshSecret();
  const value = JSON.stringify({ hash: hashSecret(secret), expires: new Date(Date.now() + 86_400_000).toISOString() });
  await sql`insert into settings (key, value) values ('first-run', ${value}::jsonb) on conflict (key) do update set value = excluded.value, changed_at = now()`.execute(db);
  return secret;
}

/** Uses the token up in the caller's transaction; false when it is not the one. */
export async function takeFirstRunToken(trx: Db, secret: string): Promise<boolean> {
  const taken = await sql<{ key: string }>`delete from settings where key = 'first-run' and value->>'hash' = ${hashSecret(secret)} and (value->>'expires')::timestamptz > now() returning key`.execute(trx);
  return taken.rows.length === 1;
}
