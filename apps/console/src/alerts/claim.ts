import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { rulePriorities } from '@palisade/model/detection';
import { deterministicId } from '@palisade/model/id';
import type { Text } from '@palisade/model/text';
import type { Db } from '../postgres/database.ts';
import { alertOf } from './alert.ts';
import type { Alert } from './alert.ts';
import { findChannel } from './store.ts';
import type { ChannelRow } from './store.ts';

/** A message this replica is to send now: nobody else does, until the claim runs out. */
export type Claimed = { readonly id: string; readonly at: string; readonly exact: string; readonly attempts: number; readonly channel: ChannelRow; readonly alert: Alert };

const claimSeconds = 60;
const giveUpHours = 24;
const longestPauseSeconds = 900;

/**
 * Takes the next message of a channel. The channel's row is locked meanwhile, so that replicas together keep the hourly
 * budget; what is beyond it is folded into a digest that goes out `digestSeconds` later, and is counted there.
 */
export async function claimNext(db: Db, id: string, digestSeconds: number): Promise<Claimed | undefined> {
  return db.transaction().execute(async (trx) => {
    const locked = await sql`select 1 from alert_channels where id = ${id} and enabled and (retry_at is null or retry_at <= now()) for update skip locked`.execute(trx);
    const channel = locked.rows.length === 0 ? undefined : await findChannel(trx, id);
    if (channel === undefined) return undefined;
    const spent = await sql<{ n: number }>`select count(*)::int n from alert_deliveries where channel = ${id} and sent_at > now() - interval '1 hour' and source not in ('digest', 'test')`.execute(trx);
    if ((spent.rows[0]?.n ?? 0) >= channel.hourly) await fold(trx, id, digestSeconds);
    // What failed before waits behind the rest: one message that is never taken must not hold up the others.
    const found = await sql<{ id: string; at: string; exact: string; source: string; attempts: number; alert: Alert }>`update alert_deliveries set state = 'sending', sent_at = now(), claimed_until = now() + make_interval(secs => ${claimSeconds}), attempts = attempts + 1
      where (at, id) = (select at, id from alert_deliveries where channel = ${id} and state = 'waiting' and next_at <= now() order by attempts, priority, at, id limit 1 for update skip locked)
      returning id, at, at::text exact, source, attempts, body alert`.execute(trx);
    const next = found.rows[0];
    if (next === undefined) return undefined;
    return { ...next, channel, alert: next.source === 'digest' ? await digestOf(trx, next.id, next.at) : next.alert };
  });
}

async function fold(trx: Db, channel: string, digestSeconds: number): Promise<void> {
  const beyond = sql`channel = ${channel} and state = 'waiting' and source not in ('digest', 'test')`;
  const any = await sql`select 1 from alert_deliveries where ${beyond} limit 1`.execute(trx);
  if (any.rows.length === 0) return;
  // Only one that was not tried yet takes more: a digest that may have arrived must say the same when it is tried again.
  const open = await sql<{ id: string }>`select id from alert_deliveries where channel = ${channel} and state = 'waiting' and source = 'digest' and attempts = 0 limit 1`.execute(trx);
  const digest = open.rows[0]?.id ?? `dig_${randomBytes(10).toString('hex')}`;
  if (open.rows.length === 0) {
    const empty = alertOf({ id: digest, at: new Date().toISOString(), source: 'digest', subject: digest, priority: 'Notice', title: { en: '', 'zh-CN': '' }, path: '/incidents' });
    await sql`insert into alert_deliveries (id, channel, source, subject, priority, body, next_at) values (${digest}, ${channel}, 'digest', ${digest}, 0, ${JSON.stringify(empty)}::jsonb, now() + make_interval(secs => ${digestSeconds}))`.execute(trx);
  }
  await sql`update alert_deliveries set state = 'folded', digest = ${digest} where ${beyond}`.execute(trx);
}

/** The message that stands for those beyond the budget; written into its row, so that the history shows what was said. */
async function digestOf(trx: Db, id: string, at: string): Promise<Alert> {
  const [counts, top] = [
    await sql<{ priority: number; n: number; since: string; until: string }>`select priority, count(*)::int n, min(at) since, max(at) until from alert_deliveries where digest = ${id} group by 1 order by 1`.execute(trx),
    await sql<{ title: Text; count: number }>`select body->'title' title, count(*)::int count from alert_deliveries where digest = ${id} group by 1 order by min(priority), 2 desc limit 10`.execute(trx),
  ];
  const all = counts.rows.reduce((sum, row) => sum + row.n, 0);
  const alert = alertOf({
    id, at, source: 'digest', subject: id, priority: rulePriorities[counts.rows[0]?.priority ?? 5] ?? 'Notice', count: all, path: '/incidents',
    title: { en: `${all} more alerts, beyond this channel's hourly budget`, 'zh-CN': `另有 ${all} 条告警，超出此通道的每小时上限` },
    folded: { since: counts.rows.map((row) => row.since).sort()[0] ?? at, until: counts.rows.map((row) => row.until).sort().at(-1) ?? at, byPriority: Object.fromEntries(counts.rows.map((row) => [rulePriorities[row.priority] ?? 'Debug', row.n])), top: top.rows },
  });
  await sql`update alert_deliveries set body = ${JSON.stringify(alert)}::jsonb where id = ${id} and channel = (select channel from alert_deliveries where id = ${id} limit 1)`.execute(trx);
  return alert;
}

const gapId = (channel: string): string => deterministicId('gap', 'alerts', channel);

/** The other side took it: the channel works. */
export async function recordSent(trx: Db, { id, exact, channel }: Claimed, answer: string): Promise<void> {
  await sql`update alert_deliveries set state = 'sent', sent_at = now(), claimed_until = null, answer = ${answer} where id = ${id} and at = ${exact}::timestamptz`.execute(trx);
  await sql`update alert_channels set failures = 0, retry_at = null, last_ok_at = now() where id = ${channel.id}`.execute(trx);
  await sql`update gaps set until = now() where id = ${gapId(channel.id)} and until is null`.execute(trx);
}

/** Not taken: tried again with growing pauses for a day. That nobody hears of alerts is a gap. */
export async function recordFailure(trx: Db, { id, at, exact, channel }: Claimed, error: string): Promise<void> {
  const over = Date.now() - Date.parse(at) > giveUpHours * 3_600_000;
  await sql`update alert_deliveries set state = ${over ? 'failed' : 'waiting'}, sent_at = null, claimed_until = null, error = ${error}, next_at = now() where id = ${id} and at = ${exact}::timestamptz`.execute(trx);
  const pause = Math.min(longestPauseSeconds, 5 * 2 ** Math.min(channel.failures, 12));
  await sql`update alert_channels set failures = failures + 1, retry_at = now() + make_interval(secs => ${pause}), last_error = ${error}, last_error_at = now() where id = ${channel.id}`.execute(trx);
  const remedy = JSON.stringify({ en: 'Correct or remove the channel under Settings, Alerts; its history has every error.', 'zh-CN': '在“设置 → 告警通知”中更正或移除该通道；其发送记录中有每次错误。' });
  await sql`insert into gaps (id, source, kind, subject, reason, count, remedy, since, seen_at)
    values (${gapId(channel.id)}, 'alerts', 'alerts-undelivered', ${channel.name}, ${error.slice(0, 300)}, (select count(*) from alert_deliveries where channel = ${channel.id} and state in ('waiting', 'failed')), ${remedy}::jsonb, now(), now())
    on conflict (id) do update set reason = excluded.reason, count = excluded.count, seen_at = now(), subject = excluded.subject, since = case when gaps.until is null then gaps.since else now() end, until = null`.execute(trx);
}

/** A channel that was switched off or removed is no gap any more. */
export async function closeGap(trx: Db, channel: string): Promise<void> {
  await sql`update gaps set until = now() where id = ${gapId(channel)} and until is null`.execute(trx);
}
