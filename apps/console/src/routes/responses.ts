import { sql } from 'kysely';
import { z } from 'zod';
import { doneActions, responseResults, undoActions } from '@palisade/model/response';
import type { Scope } from '@palisade/model/scope';
import { actorOf } from '../audit.ts';
import { visibleClusters, visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import type { Db } from '../postgres/database.ts';
import { askAgent, scopeOfRow } from '../responses/ask.ts';
import { policyRevision } from '../responses/desired.ts';

const Action = z.enum(doneActions);
const Result = z.enum(responseResults);
const Named = z.object({ id: z.string(), name: z.string() });

/** `policy` null: by hand, `by` says whose. `undo`: how it can be taken back, null where it can't or no longer. */
export const ResponseRow = z.object({
  id: z.string(), at: z.string(), lastAt: z.string(), count: z.number(), action: Action, result: Result, message: z.string().nullable(), tookMs: z.number().nullable(), policy: z.string().nullable(), policyRule: z.string().nullable(), policyId: z.string().nullable(), by: z.string().nullable(),
  rule: z.string().nullable(), detection: z.string().nullable(), container: Named.nullable(), node: Named, process: z.object({ pid: z.number(), name: z.string(), path: z.string() }).nullable(), image: z.string().nullable(),
  undo: z.enum(undoActions).nullable(), deadline: z.string().nullable(), undoneAt: z.string().nullable(), undoneBy: z.string().nullable(), undoState: z.string().nullable(), evidence: z.string().nullable(),
});
/** `current`: it has what the console wants of it. `policy` null: it never said. */
const AgentPolicy = z.object({ id: z.string(), name: z.string(), node: z.string(), current: z.boolean(), policy: z.string().nullable(), policyAt: z.string().nullable(), online: z.boolean() });

const columns = sql`r.id, r.at, r.last_at "lastAt", r.count, r.action, r.result, r.body->>'message' message, (r.body->>'tookMs')::float8 "tookMs", r.policy, r.policy_rule "policyRule", (select d.id from documents d where d.kind = 'ResponsePolicy' and d.name = r.policy and d.cluster in ('', r.cluster) order by d.cluster desc limit 1) "policyId",
  c.created_by "by", r.body->>'rule' rule, r.detection, case when r.container_key is null then null else jsonb_build_object('id', r.container_key, 'name', coalesce(k.name, r.body->>'containerName', r.body->>'container')) end container, jsonb_build_object('id', r.node, 'name', coalesce(n.name, r.node)) node,
  case when r.body ? 'process' then (r.body->'process') - 'start'::text end process, coalesce(k.image_name, r.body->>'image') image,
  case when r.undone_at is null and r.result in ('done', 'asked') and not (r.result = 'asked' and r.command is not null) then r.body->>'undo' end undo, r.body->>'deadline' deadline, r.undone_at "undoneAt", r.undone_by "undoneBy",
  (select u.state from commands u where u.node = r.node and u.body->>'response' = r.id order by u.created_at desc limit 1) "undoState", case when r.action = 'collect' and r.result = 'done' then (select e.id from evidence e where e.id = r.body->>'message') end evidence`;
const from = sql`responses r left join commands c on c.id = r.command left join containers k on k.key = r.container_key left join nodes n on n.id = r.node`;

/** The newest responses about one thing, for its page. */
export async function responsesOf(db: Db, scopes: readonly Scope[], about: { readonly detection?: string; readonly container?: string; readonly action?: string; readonly limit?: number }): Promise<z.infer<typeof ResponseRow>[]> {
  const where = [visiblePlaces(scopes, 'r')];
  for (const [column, value] of Object.entries({ detection: about.detection, container_key: about.container, action: about.action })) if (value !== undefined) where.push(sql`${sql.ref(`r.${column}`)} = ${value}`);
  return (await sql<z.infer<typeof ResponseRow>>`select ${columns} from ${from} where ${sql.join(where, sql` and `)} order by r.at desc, r.id desc limit ${about.limit ?? 20}`.execute(db)).rows;
}

/** What was done by policy and by hand, how it ended, and taking it back. */
export function responseRoutes(app: App, { db, live, virtualPatches }: Context): void {
  app.get(
    '/api/v1/responses',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['responses'], summary: 'Responses, the newest first',
        querystring: z.object({
          ...pageQuery, q: z.string().max(200).optional().describe('part of a policy, rule or container'), action: Action.optional(), result: Result.optional(), by: z.enum(['policy', 'person']).optional(), open: z.stringbool().optional().describe('can be taken back'),
          container: z.string().max(100).optional(), node: z.string().max(100).optional(), detection: z.string().max(100).optional(), policy: z.string().max(300).optional(),
        }),
        response: { 200: pageOf(ResponseRow) },
      },
    },
    async (request) => {
      const { q, action, result, by, open, container, node, detection, policy, limit, cursor } = request.query;
      const where = [visiblePlaces(request.scopes, 'r')];
      if (q !== undefined) where.push(sql`(r.policy ilike ${`%${likeText(q)}%`} or r.body->>'rule' ilike ${`%${likeText(q)}%`} or r.body->>'containerName' ilike ${`%${likeText(q)}%`})`);
      for (const [column, value] of Object.entries({ action, result, container_key: container, node, detection, policy })) if (value !== undefined) where.push(sql`${sql.ref(`r.${column}`)} = ${value}`);
      if (by !== undefined) where.push(by === 'policy' ? sql<boolean>`r.policy is not null` : sql<boolean>`r.policy is null`);
      if (open !== undefined) where.push(open ? sql<boolean>`(r.undone_at is null and r.result = 'done' and r.body ? 'undo')` : sql<boolean>`not (r.undone_at is null and r.result = 'done' and r.body ? 'undo')`);
      return list<z.infer<typeof ResponseRow>>(db, { select: columns, from, where, sort: [{ by: sql`r.at`, type: 'timestamptz', order: 'desc', field: 'at' }, { by: sql`r.id`, type: 'text', order: 'desc', field: 'id' }], limit, cursor });
    },
  );

  type Found = z.infer<typeof ResponseRow> & { cluster: string; namespace: string | null; project: string | null; nodeId: string; body: { container?: string; message?: string } };
  const find = async (scopes: readonly Scope[], id: string): Promise<Found> => {
    const found = await sql<Found>`select ${columns}, r.cluster, r.namespace, r.project, r.node "nodeId", r.body from ${from} where r.id = ${id} and ${visiblePlaces(scopes, 'r')} order by r.at desc limit 1`.execute(db);
    if (found.rows[0] === undefined) throw refuse('not-found');
    return found.rows[0];
  };

  app.post(
    '/api/v1/responses/:id/undo',
    { config: { permission: 'respond' }, schema: { tags: ['responses'], summary: 'Take a response back: go on with a paused or held container, connect an isolated one, allow a denied program again for a while', params: z.object({ id: z.string().max(100) }), body: z.object({ minutes: z.number().int().min(1).max(7 * 24 * 60).optional().describe('how long a denied program is allowed') }), response: { 200: z.object({ id: z.string() }) } } },
    async (request) => {
      const row = await find(request.scopes, request.params.id);
      demand(request, scopeOfRow(row), 'not-found');
      if (row.undo === null) throw refuse('conflict', row.undoneAt === null ? 'this response cannot be taken back' : `it was taken back already, by ${row.undoneBy ?? ''}`);
      const body = row.undo === 'allow' ? { response: row.id, key: row.body.message ?? '', ...(request.body.minutes === undefined ? {} : { minutes: request.body.minutes }) } : { response: row.id, container: row.body.container };
      const about = { ...(row.detection === null ? {} : { detection: row.detection }), ...(row.rule === null ? {} : { rule: row.rule }), ...(row.body.container === undefined ? {} : { container: row.body.container }) };
      const made = await askAgent(db, { node: row.nodeId, cluster: row.cluster, kind: row.undo, body, subject: row.id, audit: `response.${row.undo}`, actor: actorOf(request), about });
      live.nudge('commands', made.agent);
      live.nudge('changes');
      return { id: made.id };
    },
  );

  app.get('/api/v1/agent-policies', { config: { permission: 'read' }, schema: { tags: ['responses'], summary: 'Which agents have the response policy that the console wants of them', response: { 200: z.object({ items: z.array(AgentPolicy) }) } } }, async (request) => {
    const rows = await sql<{ id: string; name: string; node: string; cluster: string; policy: string | null; policyAt: string | null; online: boolean }>`select a.id, a.name, a.node, a.cluster, a.policy, a.policy_at "policyAt", coalesce(a.seen_at > now() - interval '2 minutes', false) online from agents a where a.revoked_at is null and ${visibleClusters(request.scopes, 'a.cluster')} order by a.name, a.id limit 1000`.execute(db);
    const revisions = new Map<string, string>();
    for (const { cluster } of rows.rows) if (!revisions.has(cluster)) revisions.set(cluster, await policyRevision(db, cluster, virtualPatches));
    return { items: rows.rows.map(({ cluster, ...row }) => ({ ...row, current: row.policy !== null && row.policy === revisions.get(cluster) })) };
  });
}
