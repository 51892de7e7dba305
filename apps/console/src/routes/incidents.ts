import { sql } from 'kysely';
import { z } from 'zod';
import { RulePriority, rulePriorities } from '@palisade/model/detection';
import type { Scope } from '@palisade/model/scope';
import { Text } from '@palisade/model/text';
import { actorOf, audit } from '../audit.ts';
import { visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { list, pageOf, pageQuery } from '../http/page.ts';
import { announce } from '../live.ts';

const State = z.enum(['open', 'investigating', 'closed']);
const Verdict = z.enum(['compromised', 'suspicious']);
const Named = z.object({ id: z.string(), name: z.string() });

/** `mergedInto`: a later detection showed that this story was part of another. */
export const IncidentRow = z.object({
  id: z.string(), at: z.string(), lastAt: z.string(), title: Text, priority: RulePriority, verdict: Verdict.nullable(), state: State, owner: z.string().nullable(), detections: z.number(), tactics: z.array(z.string()), container: Named.nullable(), node: Named,
  namespace: z.string().nullable(), project: z.string().nullable(), mergedInto: z.string().nullable(),
});
const Change = z.object({ at: z.string(), actor: z.string(), action: z.string(), from: z.string().nullable(), to: z.string().nullable() });
export const IncidentDetail = IncidentRow.extend({ reasons: z.array(Text), changes: z.array(Change) });

const columns = sql`x.id, x.at, x.last_at "lastAt", coalesce(x.body->'title', jsonb_build_object('en', x.id, 'zh-CN', x.id)) title, (${sql.lit(`{${rulePriorities.join(',')}}`)}::text[])[x.priority + 1] priority, x.verdict, x.state, x.owner, x.detections, x.tactics,
  case when x.container_key is null then null else jsonb_build_object('id', x.container_key, 'name', coalesce(c.name, x.body->>'containerName', x.container_key)) end container, jsonb_build_object('id', x.node, 'name', coalesce(n.name, x.node)) node, x.namespace, x.project, x.body->>'mergedInto' "mergedInto"`;
const from = sql`incidents x left join containers c on c.key = x.container_key left join nodes n on n.id = x.node`;

/** Detections that are one story, with who looks after it. */
export function incidentRoutes(app: App, { db, live }: Context): void {
  const params = z.object({ id: z.string().max(100) });

  app.get(
    '/api/v1/incidents',
    {
      config: { permission: 'read' },
      schema: { tags: ['detections'], summary: 'Incidents, the latest first', querystring: z.object({ ...pageQuery, state: State.optional(), verdict: Verdict.optional(), priority: RulePriority.optional().describe('this or worse'), container: z.string().max(100).optional(), node: z.string().max(100).optional(), open: z.stringbool().optional() }), response: { 200: pageOf(IncidentRow) } },
    },
    async (request) => {
      const { state, verdict, priority, container, node, open, limit, cursor } = request.query;
      const where = [visiblePlaces(request.scopes, 'x')];
      for (const [column, value] of Object.entries({ state, verdict, container_key: container, node })) if (value !== undefined) where.push(sql`${sql.ref(`x.${column}`)} = ${value}`);
      if (priority !== undefined) where.push(sql`x.priority <= ${rulePriorities.indexOf(priority)}`);
      if (open !== undefined) where.push(open ? sql<boolean>`x.state <> 'closed'` : sql<boolean>`x.state = 'closed'`);
      return list<z.infer<typeof IncidentRow>>(db, { select: columns, from, where, sort: [{ by: sql`x.last_at`, type: 'timestamptz', order: 'desc', field: 'lastAt' }, { by: sql`x.id`, type: 'text', order: 'desc', field: 'id' }], limit, cursor });
    },
  );

  type Found = z.infer<typeof IncidentRow> & { cluster: string; reasons: z.infer<typeof Text>[] };
  const find = async (scopes: readonly Scope[], id: string): Promise<Found> => {
    const found = await sql<Found>`select ${columns}, x.cluster, coalesce(x.body->'reasons', '[]'::jsonb) reasons from ${from} where x.id = ${id} and ${visiblePlaces(scopes, 'x')}`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return row;
  };

  app.get('/api/v1/incidents/:id', { config: { permission: 'read' }, schema: { tags: ['detections'], summary: 'One incident: its verdict with reasons, and who changed what', params, response: { 200: IncidentDetail } } }, async (request) => {
    const row = await find(request.scopes, request.params.id);
    const changes = await sql<z.infer<typeof Change>>`select at, actor, action, detail->>'from' "from", detail->>'to' "to" from audit where subject = ${row.id} and action in ('incident.state', 'incident.owner') order by at desc limit 100`.execute(db);
    return { ...row, changes: changes.rows };
  });

  app.patch(
    '/api/v1/incidents/:id',
    { config: { permission: 'triage' }, schema: { tags: ['detections'], summary: 'Change state or owner', params, body: z.strictObject({ state: State.optional(), owner: z.string().min(1).max(200).nullable().optional() }), response: { 200: z.object({}) } } },
    async (request) => {
      const row = await find(request.scopes, request.params.id);
      demand(request, { cluster: row.cluster, ...(row.namespace === null ? {} : { namespace: row.namespace }), ...(row.project === null ? {} : { project: row.project }) }, 'not-found');
      const { state, owner } = request.body;
      if (row.mergedInto !== null) throw refuse('conflict', `this incident is part of ${row.mergedInto}`);
      await db.transaction().execute(async (trx) => {
        if (state !== undefined && state !== row.state) {
          await sql`update incidents set state = ${state} where id = ${row.id}`.execute(trx);
          await audit(trx, actorOf(request), 'incident.state', row.id, { from: row.state, to: state }, row.cluster);
        }
        if (owner !== undefined && owner !== row.owner) {
          await sql`update incidents set owner = ${owner} where id = ${row.id}`.execute(trx);
          await audit(trx, actorOf(request), 'incident.owner', row.id, { from: row.owner, to: owner }, row.cluster);
        }
        await announce(trx, 'incidents', row.cluster, row.id);
      });
      live.nudge('changes');
      return {};
    },
  );
}
