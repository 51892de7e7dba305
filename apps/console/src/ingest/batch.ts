import { sql } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import type { Item, ItemsAnswer } from '@palisade/model/wire';
import type { Lines } from '../gateway/read-items.ts';
import { announce } from '../live.ts';
import type { Db } from '../postgres/database.ts';
import type { IngestKind, Sender } from './kind.ts';

const retryable = new Set(['40001', '40P01', '55P03']);

/**
 * Stores a batch in one transaction; when this answers, it is committed. An id already in the ledger is a duplicate
 * and changes nothing. An item of unknown kind, or that doesn't fit, is kept aside with the reason, which is also a gap
 * of its node: agents of other releases are heard in part rather than not at all.
 */
export async function storeBatch(db: Db, kinds: ReadonlyMap<string, IngestKind>, items: Lines, sender: Sender): Promise<ItemsAnswer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute((trx) => storeIn(trx, kinds, items, sender));
    } catch (error) {
      if (attempt >= 5 || !retryable.has((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

async function storeIn(trx: Db, kinds: ReadonlyMap<string, IngestKind>, { items, unreadable }: Lines, sender: Sender): Promise<ItemsAnswer> {
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
  const received = new Date().toISOString();
  const held: Aside[] = unreadable.map(({ id, kind, reason, body }) => ({ item: { id, kind, at: received, body }, why: reason }));
  for (const { id, reason } of unreadable) answer.refused.push({ id, reason });
  for (const item of items) {
    if (!open.delete(item.id)) continue;
    const member = kinds.get(item.kind);
    const body = member?.schema.safeParse(item.body);
    if (member === undefined || body === undefined) {
      answer.unknown += 1;
      held.push({ item, why: unknownKind });
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

type Aside = { readonly item: Item; readonly why: string };
/** Why an item is kept that a later release will understand. */
export const unknownKind = 'unknown kind';

const remedies = {
  'items-held': { en: 'Bring the console to the release of its agents: it then stores what is held.', 'zh-CN': '将控制台升级到与节点代理相同的版本，届时会存入这些数据。' },
  'items-refused': { en: 'Bring agent and console to one release; the items are kept for 90 days in the table items_held.', 'zh-CN': '将节点代理与控制台升级到同一版本；这些数据在 items_held 表中保留 90 天。' },
} as const;

async function hold(trx: Db, held: readonly Aside[], sender: Sender): Promise<void> {
  const rows = JSON.stringify(held.map(({ item, why }) => ({ id: item.id, at: item.at, kind: item.kind, why, body: item.body ?? null })));
  await sql`insert into items_held (id, at, kind, cluster, node, agent, why, body)
    select id, at, kind, ${sender.cluster}, ${sender.node}, ${sender.agent}, why, coalesce(body, 'null'::jsonb)
    from jsonb_to_recordset(${rows}::jsonb) as h(id text, at timestamptz, kind text, why text, body jsonb)
    on conflict do nothing`.execute(trx);
  const gaps = new Map<string, { id: string; kind: string; subject: string; reason: string; count: number; remedy: object }>();
  for (const { item, why } of held) {
    const kind = why === unknownKind ? 'items-held' : 'items-refused';
    const reason = why === unknownKind ? 'this console does not know items of this kind' : why.replace(/^line \d+: /, '').slice(0, 300);
    const id = deterministicId('gap', sender.node, 'ingest', kind, item.kind, reason);
    const before = gaps.get(id);
    gaps.set(id, { id, kind, subject: item.kind, reason, count: (before?.count ?? 0) + 1, remedy: remedies[kind] });
  }
  await sql`insert into gaps (id, cluster, node, source, kind, subject, reason, count, remedy, since, seen_at)
    select id, ${sender.cluster}, ${sender.node}, 'ingest', kind, subject, reason, count, remedy, now(), now()
    from jsonb_to_recordset(${JSON.stringify([...gaps.values()])}::jsonb) as g(id text, kind text, subject text, reason text, count bigint, remedy jsonb)
    on conflict (id) do update set seen_at = now(), until = null, count = case when gaps.until is null then gaps.count + excluded.count else excluded.count end,
      since = case when gaps.until is null then gaps.since else excluded.since end`.execute(trx);
  await announce(trx, 'gaps', sender.cluster, sender.node);
}
