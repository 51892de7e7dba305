import { sql } from 'kysely';
import { z } from 'zod';
import { Node } from '@palisade/model/node';
import { visibleClusters } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import { Counts } from './images.ts';

const Contact = z.enum(['online', 'silent', 'never', 'revoked']);

/** `contact`: online means heard within two minutes. `sensor` null: no sensor has reported for this node, its running containers are not watched. */
export const NodeRow = z.object({
  id: z.string(), name: z.string(), cluster: z.string(), clusterName: z.string(), os: z.string().nullable(), kernel: z.string().nullable(), arch: z.string().nullable(),
  engines: z.array(z.object({ kind: z.string(), version: z.string(), socket: z.string(), state: z.string() })), sensor: Node.shape.sensor.unwrap().nullable(),
  contact: Contact, agent: z.string().nullable(), version: z.string().nullable(), seenAt: z.string().nullable(), firstSeen: z.string(),
  containers: z.number(), running: z.number(), images: z.number(), gaps: z.number(), host: z.object({ id: z.string(), counts: Counts, status: z.string().nullable() }).nullable(),
});

/** Who may see a node's cluster sees it with its newest agent, what runs there and what is not looked at. */
export const nodeColumns = sql`n.id, n.name, n.cluster, coalesce(k.name, n.cluster) "clusterName", n.body->>'os' os, n.body->>'kernel' kernel, n.body->>'arch' arch, coalesce(n.body->'engines', '[]'::jsonb) engines, n.body->'sensor' sensor,
  ${contact()} contact, a.id agent, a.version, a.seen_at "seenAt", n.first_seen "firstSeen",
  (select count(*) from containers c where c.node = n.id and c.removed_at is null)::int containers, (select count(*) from containers c where c.node = n.id and c.removed_at is null and c.state = 'running')::int running,
  (select count(*) from node_images m where m.node = n.id)::int images, (select count(*) from gaps g where g.node = n.id and g.until is null)::int gaps,
  (select jsonb_build_object('id', i.key, 'status', i.status, 'counts', jsonb_build_object('critical', i.critical, 'high', i.high, 'medium', i.medium, 'low', i.low, 'unknown', i.unknown)) from images i where i.node = n.id and i.kind = 'host' order by i.scan_at desc nulls last limit 1) host`;
export const nodeFrom = sql`nodes n left join clusters k on k.id = n.cluster left join lateral (select * from agents a where a.node = n.id and a.cluster = n.cluster order by a.revoked_at is not null, a.seen_at desc nulls last limit 1) a on true`;

function contact() {
  return sql`case when a.id is null or (a.seen_at is null and a.revoked_at is null) then 'never' when a.revoked_at is not null then 'revoked' when a.seen_at > now() - interval '2 minutes' then 'online' else 'silent' end`;
}

/** Machines: what they are, whether their agent is heard, what runs there. */
export function nodeRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/nodes',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['workloads'], summary: 'Nodes', response: { 200: pageOf(NodeRow) },
        querystring: z.object({ ...pageQuery, q: z.string().max(200).optional(), cluster: z.string().max(100).optional(), contact: Contact.optional(), engine: z.enum(['connected', 'none']).optional(), watched: z.stringbool().optional(), sort: z.enum(['name', 'seen']).default('name') }),
      },
    },
    async (request) => {
      const { q, cluster, contact: wanted, engine, watched, sort, limit, cursor } = request.query;
      const where = [visibleClusters(request.scopes, 'n.cluster')];
      if (q !== undefined) where.push(sql`n.name ilike ${`%${likeText(q)}%`}`);
      if (cluster !== undefined) where.push(sql`n.cluster = ${cluster}`);
      if (wanted !== undefined) where.push(sql`${contact()} = ${wanted}`);
      const connected = sql<boolean>`coalesce(n.body->'engines' @> '[{"state":"connected"}]', false)`;
      if (engine !== undefined) where.push(engine === 'connected' ? connected : sql`not ${connected}`);
      const armed = sql<boolean>`coalesce(n.body->'sensor'->>'state' = 'armed', false)`;
      if (watched !== undefined) where.push(watched ? armed : sql`not ${armed}`);
      const byName = [{ by: sql`n.name`, type: 'text', order: 'asc', field: 'name' }, { by: sql`n.id`, type: 'text', order: 'asc', field: 'id' }] as const;
      const bySeen = { by: sql`coalesce(a.seen_at, '-infinity')`, type: 'timestamptz', order: 'desc', field: 'seenAt' } as const;
      return list<z.infer<typeof NodeRow>>(db, { select: nodeColumns, from: nodeFrom, where, sort: sort === 'seen' ? [bySeen, ...byName] : [...byName], limit, cursor });
    },
  );

  app.get('/api/v1/nodes/:id', { config: { permission: 'read' }, schema: { tags: ['workloads'], summary: 'One node', params: z.object({ id: z.string().max(100) }), response: { 200: NodeRow } } }, async (request) => {
    const found = await sql<z.infer<typeof NodeRow>>`select ${nodeColumns} from ${nodeFrom} where n.id = ${request.params.id} and ${visibleClusters(request.scopes, 'n.cluster')}`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return row;
  });
}
