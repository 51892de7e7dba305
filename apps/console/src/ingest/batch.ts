import { sql } from 'kysely';
import type { Item, ItemsAnswer } from '@palisade/model/wire';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import type { IngestKind, Sender } from './kind.ts';

const retryable = new Set(['40001', '40P01', '55P03']);

/**
 * Stores a batch in one transaction; when this answers, it is committed. An id already in the ledger is a duplicate
 * and changes nothing. An item of unknown kind, or whose body doesn't fit, is kept aside with the reason.
 */
export async function storeBatch(db: Db, kinds: ReadonlyMap<string, IngestKind>, items: readonly Item[], sender: Sender): Promise<ItemsAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute((trx) => storeIn(trx, kinds, items, sender));
    } catch (error) {
      if (attempt >= 5 || !retryable.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

async function storeIn(trx: Db, kinds: ReadonlyMap<string, IngestKind>, items: readonly Item[], sender: Sender): Promise<ItemsAnswer> {
  // One agent's items follow one another even when two replicas get them at once.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`ingest:${sender.agent}`}, 0))`.execute(trx);
  const heads = JSON.stringify(items.map(({ id, at, kind }) => ({ id, at, kind })));
  const fresh = await sql<{ id: string }>`
    insert into item_ledger (id, at, kind, agent)
    select id, at, kind, ${sender.agent} from jsonb_to_recordset(${heads}::jsonb) as head(id text, at timestamptz, kind text)
    on conflict do nothing returning id`.execute(trx);
  const open = new Set(fresh.rows.map((row) => row.id));
  const answer: ItemsAnswer = { stored: 0, duplicates: items.length - open.size, unknown: 0, refused: [] };
  const topics = new Set<string>();
  const held: { item: Item; why: string }[] = [];
  for (const item of items) {
    if (!open.delete(item.id)) continue;
    const member = kinds.get(item.kind);
    const body = member?.schema.safeParse(item.body);
    if (member === undefined || body === undefined) {
      answer.unknown += 1;
      held.push({ item, why: 'unknown kind' });
    } else if (!body.success) {
      const issue = body.error.issues[0];
      const reason = `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`;
      answer.refused.push({ id: item.id, reason });
      held.push({ item, why: reason });
    } else {
      await member.store(trx, body.data, item.at, sender);
      answer.stored += 1;
      topics.add(item.kind);
    }
  }
  if (held.length > 0) await hold(trx, held, sender);
  for (const topic of topics) await announce(trx, topic, sender.cluster, sender.node);
  return answer;
}

async function hold(trx: Db, held: readonly { item: Item; why: string }[], sender: Sender): Promise<void> {
  const rows = JSON.stringify(held.map(({ item, why }) => ({ id: item.id, at: item.at, kind: item.kind, why, body: item.body ?? null })));
  await sql`insert into items_held (id, at, kind, cluster, node, agent, why, body)
    select id, at, kind, ${sender.cluster}, ${sender.node}, ${sender.agent}, why, coalesce(body, 'null'::jsonb)
    from jsonb_to_recordset(${rows}::jsonb) as h(id text, at timestamptz, kind text, why text, body jsonb)
    on conflict do nothing`.execute(trx);
}
