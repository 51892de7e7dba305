import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import { z } from 'zod';
import { RulePriority, rulePriorities } from '@palisade/model/detection';
import { Scope } from '@palisade/model/scope';
import { Alert, alertOf, alertSources } from '../alerts/alert.ts';
import { channelKinds } from '../alerts/channels/registry.ts';
import { closeGap } from '../alerts/claim.ts';
import { attempt } from '../alerts/dispatch.ts';
import { channelColumns, findChannel } from '../alerts/store.ts';
import type { ChannelRow } from '../alerts/store.ts';
import { actorOf, audit } from '../audit.ts';
import { scopeOf } from '../auth/sessions.ts';
import type { Context } from '../context.ts';
import { placeOf } from '../documents/place.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { list, pageOf, pageQuery } from '../http/page.ts';
import { announce } from '../live.ts';

const Language = z.enum(['en', 'zh-CN']);
const Values = z.record(z.string().max(50), z.unknown());

/** `secrets`: names of the secret values that are set, never the values. `destination`: where it goes, without them. */
export const ChannelView = z.object({
  id: z.string(), name: z.string(), kind: z.string(), enabled: z.boolean(), language: Language, config: Values, secrets: z.array(z.string()), destination: z.string(), sources: z.array(z.enum(alertSources)), minPriority: RulePriority, scope: Scope, hourly: z.number(),
  failures: z.number(), retryAt: z.string().nullable(), lastOkAt: z.string().nullable(), lastError: z.string().nullable(), lastErrorAt: z.string().nullable(), version: z.number(), createdAt: z.string(), createdBy: z.string(), updatedAt: z.string(), updatedBy: z.string(),
  waiting: z.number(), sent24h: z.number(), folded24h: z.number(), failed24h: z.number(),
});
export const DeliveryRow = z.object({ id: z.string(), at: z.string(), source: Alert.shape.source, state: z.enum(['waiting', 'sending', 'sent', 'failed', 'folded']), attempts: z.number(), sentAt: z.string().nullable(), error: z.string().nullable(), answer: z.string().nullable(), digest: z.string().nullable(), alert: Alert });

const saving = z.object({
  name: z.string().trim().min(1).max(100), kind: z.enum([...channelKinds.keys()] as [string, ...string[]]), enabled: z.boolean().default(true), language: Language.default('en'), config: Values.default({}),
  secret: Values.default({}).describe('secret values; on a change, those left out stay as they are, null takes one away'), sources: z.array(z.enum(alertSources)).min(1), minPriority: RulePriority.default('Warning').describe('this or worse'), scope: Scope.default({}), hourly: z.number().int().min(1).max(10_000).default(60).describe('most alerts an hour; more are counted in a digest'),
});
const params = z.object({ id: z.string().max(100) });

/** Where alerts go: channels, their trial and what became of each message. */
export function alertRoutes(app: App, context: Context): void {
  const { db, live, vault, alerts } = context;

  /** The kind's own check of what it is told; faults name the field. */
  const checked = (kind: string, config: unknown, secret: unknown): { config: unknown; secret: unknown } => {
    const member = channelKinds.get(kind);
    if (member === undefined) throw refuse('bad-request', `kind: "${kind}" is not known`);
    const [first, second] = [member.config.safeParse(config), member.secret.safeParse(secret)];
    for (const [part, result] of [['config', first], ['secret', second]] as const) {
      const issue = result.error?.issues[0];
      if (issue !== undefined) throw refuse('bad-request', `${[part, ...issue.path].join('.')}: ${issue.message}`);
    }
    return { config: first.data, secret: second.data };
  };
  const view = (row: ChannelRow & Pick<z.infer<typeof ChannelView>, 'waiting' | 'sent24h' | 'folded24h' | 'failed24h'>): z.infer<typeof ChannelView> => {
    const { sealed: _, cluster, namespace, project, minPriority, ...rest } = row;
    const secret = secretOf(row);
    let destination: string;
    try {
      destination = channelKinds.get(row.kind)?.destination(row.config, secret) ?? row.kind;
    } catch {
      destination = row.kind; // sealed under another secret: sending says so, the list must still be shown
    }
    return { ...rest, config: row.config as Record<string, unknown>, secrets: Object.keys(secret), destination, sources: row.sources as (typeof alertSources)[number][], minPriority: rulePriorities[minPriority] ?? 'Warning', scope: scopeOf({ cluster, namespace, project }) };
  };
  const secretOf = (row: ChannelRow): Record<string, unknown> => {
    try {
      return vault.open(row.sealed) as Record<string, unknown>;
    } catch (error) {
      if (row.sealed !== null && (error as { code?: string }).code === 'conflict') return {};
      throw error;
    }
  };
  const counts = sql`(select count(*)::int from alert_deliveries d where d.channel = c.id and d.state in ('waiting', 'sending')) waiting,
    (select count(*)::int from alert_deliveries d where d.channel = c.id and d.state = 'sent' and d.at > now() - interval '24 hours') "sent24h",
    (select count(*)::int from alert_deliveries d where d.channel = c.id and d.state = 'folded' and d.at > now() - interval '24 hours') "folded24h",
    (select count(*)::int from alert_deliveries d where d.channel = c.id and d.state = 'failed' and d.at > now() - interval '24 hours') "failed24h"`;
  const one = async (id: string): Promise<z.infer<typeof ChannelView>> => {
    const found = await sql<Parameters<typeof view>[0]>`select ${channelColumns}, ${counts} from alert_channels c where c.id = ${id}`.execute(db);
    if (found.rows[0] === undefined) throw refuse('not-found');
    return view(found.rows[0]);
  };
  const placed = async (scope: Scope): Promise<{ cluster: string; namespace: string; project: string }> => {
    const place = await placeOf(db, scope);
    if (place === undefined) throw refuse('bad-request', `scope.cluster: there is no cluster "${scope.cluster ?? ''}"`);
    return place;
  };
  const settle = async (id: string): Promise<z.infer<typeof ChannelView>> => {
    live.nudge('changes');
    alerts.wake();
    return one(id);
  };

  app.get('/api/v1/alert-channels', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'Channels that alerts go out by', response: { 200: z.object({ items: z.array(ChannelView) }) } } }, async () => {
    const rows = await sql<Parameters<typeof view>[0]>`select ${channelColumns}, ${counts} from alert_channels c order by lower(c.name), c.id limit 500`.execute(db);
    return { items: rows.rows.map(view) };
  });

  app.post('/api/v1/alert-channels', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'Add a channel', body: saving, response: { 200: ChannelView } } }, async (request) => {
    const body = request.body;
    const { config, secret } = checked(body.kind, body.config, withoutNulls(body.secret));
    const place = await placed(body.scope);
    const id = `chn_${randomBytes(10).toString('hex')}`;
    await db.transaction().execute(async (trx) => {
      await refuseName(body.name, undefined);
      await sql`insert into alert_channels (id, name, kind, enabled, language, config, sealed, sources, min_priority, cluster, namespace, project, hourly, created_by, updated_by)
        values (${id}, ${body.name}, ${body.kind}, ${body.enabled}, ${body.language}, ${JSON.stringify(config)}::jsonb, ${vault.seal(secret)}, ${body.sources}, ${rulePriorities.indexOf(body.minPriority)}, ${place.cluster}, ${place.namespace}, ${place.project}, ${body.hourly}, ${actorOf(request).name}, ${actorOf(request).name})`.execute(trx);
      await audit(trx, actorOf(request), 'alert-channel.create', id, { name: body.name, kind: body.kind });
      await announce(trx, 'alerts', null, id);
    });
    return settle(id);
  });

  app.put('/api/v1/alert-channels/:id', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'Change a channel; a stale version is refused', params, body: saving.extend({ version: z.number().int() }), response: { 200: ChannelView } } }, async (request) => {
    const { id } = request.params;
    const body = request.body;
    const place = await placed(body.scope);
    await db.transaction().execute(async (trx) => {
      const before = await findChannel(trx, id, true);
      if (before === undefined) throw refuse('not-found');
      if (before.version !== body.version) throw refuse('conflict', `it is at version ${before.version} now (by ${before.updatedBy}), not ${body.version}: read it again`);
      if (before.kind !== body.kind) throw refuse('bad-request', 'kind: cannot change: add a new channel and remove this one');
      await refuseName(body.name, id);
      const kept = secretOf(before);
      const merged = withoutNulls({ ...kept, ...body.secret });
      const { config, secret } = checked(body.kind, body.config, merged);
      // Whoever may change where messages go must not thereby be given the password that was typed for another place.
      const untyped = Object.keys(kept).filter((name) => Object.hasOwn(merged, name) && !Object.hasOwn(body.secret, name));
      if (untyped.length > 0 && !isDeepStrictEqual(whither(config), whither(before.config))) throw refuse('bad-request', `secret.${untyped[0] ?? ''}: type it again, because the destination changes`);
      await sql`update alert_channels set name = ${body.name}, enabled = ${body.enabled}, language = ${body.language}, config = ${JSON.stringify(config)}::jsonb, sealed = ${vault.seal(secret)}, sources = ${body.sources}, min_priority = ${rulePriorities.indexOf(body.minPriority)},
        cluster = ${place.cluster}, namespace = ${place.namespace}, project = ${place.project}, hourly = ${body.hourly}, failures = 0, retry_at = null, version = version + 1, updated_at = now(), updated_by = ${actorOf(request).name} where id = ${id}`.execute(trx);
      if (!body.enabled) await closeGap(trx, id);
      await audit(trx, actorOf(request), 'alert-channel.change', id, { name: body.name, enabled: body.enabled, secrets: Object.keys(body.secret) });
      await announce(trx, 'alerts', null, id);
    });
    return settle(id);
  });

  app.delete('/api/v1/alert-channels/:id', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'Remove a channel; what still waited for it is not sent', params, response: { 200: z.object({}) } } }, async (request) => {
    const { id } = request.params;
    await db.transaction().execute(async (trx) => {
      const gone = await sql<{ name: string }>`delete from alert_channels where id = ${id} returning name`.execute(trx);
      if (gone.rows[0] === undefined) throw refuse('not-found');
      const unsent = await sql`update alert_deliveries set state = 'failed', sent_at = null, error = 'the channel was removed' where channel = ${id} and state in ('waiting', 'sending')`.execute(trx);
      await closeGap(trx, id);
      await audit(trx, actorOf(request), 'alert-channel.remove', id, { name: gone.rows[0].name, unsent: Number(unsent.numAffectedRows ?? 0n) });
      await announce(trx, 'alerts', null, id);
    });
    live.nudge('changes');
    return {};
  });

  app.post('/api/v1/alert-channels/:id/test', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'Send a trial message now', params, response: { 200: z.object({ ok: z.boolean(), answer: z.string().nullable(), error: z.string().nullable() }) } } }, async (request) => {
    const channel = await findChannel(db, request.params.id);
    if (channel === undefined) throw refuse('not-found');
    const id = `tst_${randomBytes(10).toString('hex')}`;
    const at = new Date().toISOString();
    const alert = alertOf({ id, at, source: 'test', subject: channel.id, priority: 'Notice', title: { en: `A trial of “${channel.name}”: alerts will look like this`, 'zh-CN': `“${channel.name}”的测试消息：告警将以这种形式发送` }, summary: actorOf(request).name, path: '/settings/alerts' });
    const outcome = await attempt({ id, at, exact: at, attempts: 1, channel, alert }, vault, context.publicUrl, new AbortController().signal);
    const [answer, error] = 'answer' in outcome ? [outcome.answer, null] : [null, outcome.error];
    await db.transaction().execute(async (trx) => {
      await sql`insert into alert_deliveries (id, at, channel, source, subject, priority, state, attempts, sent_at, error, answer, body) values (${id}, ${at}, ${channel.id}, 'test', ${channel.id}, 5, ${error === null ? 'sent' : 'failed'}, 1, ${error === null ? sql`now()` : sql`null`}, ${error}, ${answer}, ${JSON.stringify(alert)}::jsonb)`.execute(trx);
      // A channel that works again is not made to wait for its next try.
      if (error === null) await sql`update alert_channels set retry_at = null, last_ok_at = now() where id = ${channel.id}`.execute(trx);
      else await sql`update alert_channels set last_error = ${error}, last_error_at = now() where id = ${channel.id}`.execute(trx);
      await audit(trx, actorOf(request), 'alert-channel.test', channel.id, { ok: error === null });
      await announce(trx, 'alerts', null, channel.id);
    });
    live.nudge('changes');
    alerts.wake();
    return { ok: error === null, answer, error };
  });

  app.get('/api/v1/alert-channels/:id/deliveries', { config: { permission: 'manage-settings' }, schema: { tags: ['alerts'], summary: 'What became of each message, newest first', params, querystring: z.object({ ...pageQuery, state: DeliveryRow.shape.state.optional() }), response: { 200: pageOf(DeliveryRow) } } }, async (request) => {
    await one(request.params.id);
    const { state, limit, cursor } = request.query;
    return list<z.infer<typeof DeliveryRow>>(db, {
      select: sql`d.id, d.at, d.source, d.state, d.attempts, d.sent_at "sentAt", d.error, d.answer, d.digest, d.body alert`,
      from: sql`alert_deliveries d`,
      where: [sql`d.channel = ${request.params.id}`, ...(state === undefined ? [] : [sql<boolean>`d.state = ${state}`])],
      sort: [{ by: sql`d.at`, type: 'timestamptz', order: 'desc', field: 'at' }, { by: sql`d.id`, type: 'text', order: 'asc', field: 'id' }],
      limit,
      cursor,
    });
  });

  const refuseName = async (name: string, own: string | undefined): Promise<void> => {
    const taken = await sql`select 1 from alert_channels where lower(name) = lower(${name}) and id <> ${own ?? ''}`.execute(db);
    if (taken.rows.length > 0) throw refuse('conflict', `there is a channel "${name}" already`);
  };
}

function withoutNulls(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== ''));
}

/** The parts of a channel's settings that say to whom its secret is given. */
function whither(config: unknown): unknown {
  const { url, host, port, security, user } = config as Record<string, unknown>;
  return { url, host, port, security, user };
}
