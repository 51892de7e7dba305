import { sql } from 'kysely';
import { z } from 'zod';
import { WafEvent, wafActions } from '@palisade/model/waf-event';
import { visibleClusters } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';

const Named = z.object({ id: z.string(), name: z.string() });

/** An event with the node whose firewall reported it; its reference is `event.id`. */
export const WafEventRow = z.object({ id: z.string(), at: z.string(), node: Named.nullable(), event: WafEvent });
/** One protected application over the last 24 hours. */
export const WafSiteRow = z.object({ site: z.string(), events: z.number(), blocked: z.number(), clients: z.number(), lastAt: z.string(), addedMicroseconds: z.number() });

/** One client over some hours. */
export const WafSourceRow = z.object({ client: z.string(), events: z.number(), blocked: z.number(), sites: z.number(), paths: z.number(), firstAt: z.string(), lastAt: z.string() });

const columns = sql`w.id, w.at, w.body event, (select jsonb_build_object('id', n.id, 'name', n.name) from nodes n where n.id = w.node) node`;

/** What `q` looks into, as the index waf_events_words has it. */
const searched = sql`lower(coalesce(left(w.path, 4000), '') || chr(10) || coalesce(w.client, '') || chr(10) || coalesce(left(w.host, 1000), '') || chr(10) || w.id)`;

/** What the web application firewall reported. */
export function wafRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/waf/events',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['web protection'], summary: 'Requests the firewall had something to say about, newest first', response: { 200: pageOf(WafEventRow) },
        querystring: z.object({
          ...pageQuery, q: z.string().max(200).optional().describe('part of path, client, host or reference'), site: z.string().max(500).optional(), action: z.enum(wafActions).optional(), client: z.string().max(100).optional(),
          rule: z.coerce.number().int().optional(), hours: z.coerce.number().int().min(1).max(24 * 31).default(24),
        }),
      },
    },
    async (request) => {
      const { q, site, action, client, rule, hours, limit, cursor } = request.query;
      const where = [visibleClusters(request.scopes, 'w.cluster'), sql<boolean>`w.at > now() - make_interval(hours => ${hours})`];
      for (const [column, value] of Object.entries({ site, action, client })) if (value !== undefined) where.push(sql`${sql.ref(`w.${column}`)} = ${value}`);
      if (rule !== undefined) where.push(sql`jsonb_path_query_array(w.body, '$.matches[*].rule') @> jsonb_build_array(${rule}::int)`);
      if (q !== undefined) where.push(sql`${searched} like lower(${`%${likeText(q)}%`})`);
      return list<z.infer<typeof WafEventRow>>(db, {
        select: columns, from: sql`waf_events w`, where, limit, cursor,
        sort: [{ by: sql`w.at`, type: 'timestamptz', order: 'desc', field: 'at' }, { by: sql`w.id`, type: 'text', order: 'desc', field: 'id' }],
      });
    },
  );

  app.get('/api/v1/waf/events/:id', { config: { permission: 'read' }, schema: { tags: ['web protection'], summary: 'One event', params: z.object({ id: z.string().max(200) }), response: { 200: WafEventRow } } }, async (request) => {
    const found = await sql<z.infer<typeof WafEventRow>>`select ${columns} from waf_events w where w.id = ${request.params.id} and ${visibleClusters(request.scopes, 'w.cluster')} limit 1`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return row;
  });

  app.get(
    '/api/v1/waf/sources',
    { config: { permission: 'read' }, schema: { tags: ['web protection'], summary: 'Clients by what the firewall had to say about them, the most blocked first', querystring: z.object({ hours: z.coerce.number().int().min(1).max(24 * 31).default(24) }), response: { 200: z.object({ items: z.array(WafSourceRow) }) } } },
    async (request) => {
      const rows = await sql<z.infer<typeof WafSourceRow>>`select w.client, count(*)::int events, count(*) filter (where w.action = 'blocked')::int blocked, count(distinct w.site)::int sites, count(distinct w.path)::int paths, min(w.at) "firstAt", max(w.at) "lastAt"
        from waf_events w where w.at > now() - make_interval(hours => ${request.query.hours}) and ${visibleClusters(request.scopes, 'w.cluster')} group by w.client order by 3 desc, 2 desc, 1 limit 200`.execute(db);
      return { items: rows.rows };
    },
  );

  app.get('/api/v1/waf/sites', { config: { permission: 'read' }, schema: { tags: ['web protection'], summary: 'Protected applications with what happened in 24 hours', response: { 200: z.object({ items: z.array(WafSiteRow) }) } } }, async (request) => {
    // Read from one index that holds all of it; clients are counted without sorting a day's events.
    const rows = await sql<z.infer<typeof WafSiteRow>>`with day as materialized (select w.site, w.client, w.action, w.at, w.took_us from waf_events w where w.at > now() - interval '24 hours' and ${visibleClusters(request.scopes, 'w.cluster')}),
      by_client as (select site, client, count(*) events, count(*) filter (where action = 'blocked') blocked, max(at) last from day group by site, client),
      by_site as (select site, sum(events)::int events, sum(blocked)::int blocked, count(client)::int clients, max(last) "lastAt" from by_client group by site order by 3 desc, 2 desc, 1 limit 500),
      added as (select site, percentile_cont(0.5) within group (order by took_us)::float8 median from day group by site)
      select s.*, coalesce(a.median, 0) "addedMicroseconds" from by_site s left join added a on a.site = s.site order by s.blocked desc, s.events desc, s.site`.execute(db);
    return { items: rows.rows };
  });
}
