import { sql } from 'kysely';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import { unknownKind } from '../ingest/batch.ts';
import type { IngestKind } from '../ingest/kind.ts';

type Held = { id: string; at: string; exact: string; kind: string; cluster: string; node: string; agent: string; body: unknown };

/**
 * Stores what was held because an earlier release did not know its kind and this one does; what doesn't fit stays held,
 * with the reason. A row's lock is the claim, so replicas share the work. Answers how many were stored.
 */
export async function replayHeld(db: Db, kinds: ReadonlyMap<string, IngestKind>): Promise<number> {
  let stored = 0;
  for (;;) {
    const taken = await db.transaction().execute(async (trx) => {
      const rows = await sql<Held>`select id, at, at::text exact, kind, cluster, node, agent, body from items_held
        where why = ${unknownKind} and kind = any(${[...kinds.keys()]}::text[]) order by at, id limit 200 for update skip locked`.execute(trx);
      for (const row of rows.rows) {
        const member = kinds.get(row.kind);
        const body = member?.schema.safeParse(row.body);
        if (member === undefined || body?.success !== true) {
          const issue = body?.error?.issues[0];
          await sql`update items_held set why = ${`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`} where id = ${row.id} and at = ${row.exact}::timestamptz`.execute(trx);
          continue;
        }
        await member.store(trx, body.data, row.at, { cluster: row.cluster, node: row.node, agent: row.agent });
        await sql`delete from items_held where id = ${row.id} and at = ${row.exact}::timestamptz`.execute(trx);
        await announce(trx, row.kind, row.cluster, row.node);
        stored += 1;
      }
      const taken = [...new Set(rows.rows.map((row) => row.kind))];
      await sql`update gaps set until = now() where source = 'ingest' and kind = 'items-held' and until is null and subject = any(${taken}::text[])`.execute(trx);
      return rows.rows.length;
    });
    if (taken === 0) return stored;
  }
}
