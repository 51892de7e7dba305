import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import { Detection, RulePriority, rulePriorities } from '@palisade/model/detection';
import type { Scope } from '@palisade/model/scope';
import { tactics } from '@palisade/model/tactic';
import { Text } from '@palisade/model/text';
import { actorOf, audit } from '../audit.ts';
import { visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import { announce } from '../live.ts';
import { askAgent } from '../responses/ask.ts';
import { WaiverProposal, waiverProposal } from '../responses/waiver-proposal.ts';
import { ResponseRow, responsesOf } from './responses.ts';

export const detectionStates = ['open', 'acknowledged', 'closed'] as const;
const State = z.enum(detectionStates);
const Tactic = z.enum(Object.keys(tactics) as [string, ...string[]]);
const Named = z.object({ id: z.string(), name: z.string() });

/** `container` null: on the node itself. `count`: how often the same thing happened within its window. */
export const DetectionRow = z.object({
  id: z.string(), at: z.string(), lastAt: z.string(), count: z.number(), rule: z.string(), priority: RulePriority, title: Text, output: z.string(), tactics: z.array(z.string()), state: State, action: z.string(), folded: z.boolean(),
  container: Named.nullable(), node: Named, image: z.string().nullable(), namespace: z.string().nullable(), project: z.string().nullable(), incident: z.string().nullable(), waivedBy: z.string().nullable(),
});
const CommandRow = z.object({ id: z.string(), action: z.string(), state: z.enum(['waiting', 'sent', 'done', 'failed', 'expired']), createdAt: z.string(), createdBy: z.string(), finishedAt: z.string().nullable(), message: z.string().nullable() });
/** `process`: the one that did it, where it is known well enough to be killed. */
export const DetectionDetail = DetectionRow.extend({ detection: Detection.omit({ count: true }), process: z.object({ pid: z.number(), name: z.string() }).nullable(), containerState: z.string().nullable(), actions: z.array(CommandRow), responses: z.array(ResponseRow), evidence: z.array(z.object({ id: z.string(), at: z.string(), files: z.number() })), isolated: z.boolean(), waiver: z.object({ text: z.string(), id: z.string().nullable() }).nullable() });
export const DetectionGroup = z.object({ id: z.string(), key: z.string(), label: z.string(), priority: RulePriority, detections: z.number(), count: z.number(), lastAt: z.string() });

const columns = sql`d.id, d.at, d.last_at "lastAt", d.count, d.rule, (${sql.lit(`{${rulePriorities.join(',')}}`)}::text[])[d.priority + 1] priority, d.body->'title' title, coalesce(d.body->>'output', '') output, d.tactics, d.state, d.action, coalesce((d.body->>'folded')::boolean, false) folded,
  case when d.container_key is null then null else jsonb_build_object('id', d.container_key, 'name', coalesce(c.name, d.body->>'containerName', d.body->>'container')) end container, jsonb_build_object('id', d.node, 'name', coalesce(n.name, d.node)) node,
  coalesce(c.image_name, d.body->>'image') image, d.namespace, d.project, d.incident, d.waived_by "waivedBy"`;
const from = sql`detections d left join containers c on c.key = d.container_key left join nodes n on n.id = d.node`;
/** What `q` looks into, as the index detections_words has it. */
const searched = sql`lower(d.rule || chr(10) || coalesce(left(d.body->>'output', 4000), '') || chr(10) || coalesce(left(d.body->'title'->>'zh-CN', 1000), ''))`;
const groupings = ['rule', 'container', 'node'] as const;

const filters = {
  q: z.string().max(200).optional().describe('part of the rule\'s name or of the output'), priority: RulePriority.optional().describe('this or worse'), rule: z.string().max(500).optional(), container: z.string().max(100).optional(), node: z.string().max(100).optional(), cluster: z.string().max(100).optional(),
  namespace: z.string().max(200).optional(), project: z.string().max(200).optional(), tactic: Tactic.optional(), state: State.optional(), incident: z.string().max(100).optional(), waiver: z.string().max(300).optional().describe('set aside by the waiver of this name'), waived: z.enum(['yes', 'no', 'all']).optional().describe('counted under a waiver; left out unless asked for'), hours: z.coerce.number().int().min(1).max(24 * 180).optional().describe('of the last so many hours'),
};
type Filters = { [Key in keyof typeof filters]?: z.infer<(typeof filters)[Key]> };

function conditions(scopes: readonly Scope[], query: Filters): RawBuilder<boolean>[] {
  const where = [visiblePlaces(scopes, 'd')];
  if (query.q !== undefined) where.push(sql`${searched} like lower(${`%${likeText(query.q)}%`})`);
  if (query.priority !== undefined) where.push(sql`d.priority <= ${rulePriorities.indexOf(query.priority)}`);
  if (query.waiver !== undefined) where.push(sql`d.waived_by = ${query.waiver}`);
  else if (query.waived !== 'all') where.push(query.waived === 'yes' ? sql<boolean>`d.waived_by is not null` : sql<boolean>`d.waived_by is null`);
  if (query.tactic !== undefined) where.push(sql`d.tactics @> array[${query.tactic}]::text[]`);
  if (query.hours !== undefined) where.push(sql`d.at > now() - make_interval(hours => ${query.hours}::int)`);
  for (const [column, value] of Object.entries({ rule: query.rule, container_key: query.container, node: query.node, cluster: query.cluster, namespace: query.namespace, project: query.project, state: query.state, incident: query.incident })) if (value !== undefined) where.push(sql`${sql.ref(`d.${column}`)} = ${value}`);
  return where;
}

/** What the rules saw on the nodes, and what may be done about it. */
export function detectionRoutes(app: App, context: Context): void {
  const { db, live } = context;
  const params = z.object({ id: z.string().max(100) });

  app.get(
    '/api/v1/detections',
    { config: { permission: 'read' }, schema: { tags: ['detections'], summary: 'Detections, newest first or worst first', querystring: z.object({ ...pageQuery, ...filters, sort: z.enum(['time', 'priority']).default('time') }), response: { 200: pageOf(DetectionRow) } } },
    async (request) => {
      const { sort, limit, cursor } = request.query;
      const newest = [{ by: sql`d.at`, type: 'timestamptz' as const, order: 'desc' as const, field: 'at' }, { by: sql`d.id`, type: 'text' as const, order: 'desc' as const, field: 'id' }];
      return list<z.infer<typeof DetectionRow>>(db, { select: columns, from, where: conditions(request.scopes, request.query), sort: sort === 'time' ? newest : [{ by: sql`d.priority`, type: 'int', order: 'asc', field: 'priority' }, ...newest], limit, cursor });
    },
  );

  app.get(
    '/api/v1/detection-groups',
    { config: { permission: 'read' }, schema: { tags: ['detections'], summary: 'Detections counted by rule, container or node, worst first; at most 200 groups', querystring: z.object({ ...filters, by: z.enum(groupings) }), response: { 200: z.object({ items: z.array(DetectionGroup) }) } } },
    async (request) => {
      // Names are looked up for the groups shown, not for each detection: a container that is gone is called as its latest one says.
      const [key, label] = {
        rule: [sql`d.rule`, sql`g.key`],
        container: [sql`coalesce(d.container_key, '')`, sql`coalesce((select c.name from containers c where c.key = g.key), (select coalesce(l.body->>'containerName', l.body->>'container') from detections l where l.container_key = g.key order by l.at desc limit 1), '')`],
        node: [sql`d.node`, sql`coalesce((select n.name from nodes n where n.id = g.key), g.key)`],
      }[request.query.by] as [RawBuilder<string>, RawBuilder<string>];
      const where = conditions(request.scopes, request.query);
      const rows = await sql<z.infer<typeof DetectionGroup>>`select g.key id, g.key, ${label} label, (${sql.lit(`{${rulePriorities.join(',')}}`)}::text[])[g.worst + 1] priority, g.detections, g.count, g."lastAt"
        from (select ${key} key, min(d.priority) worst, count(*)::int detections, sum(d.count)::bigint count, max(d.last_at) "lastAt" from detections d where ${sql.join(where, sql` and `)} group by 1 order by 2, 3 desc, 1 limit 200) g
        order by g.worst, g.detections desc, g.key`.execute(db);
      return { items: rows.rows };
    },
  );

  type Found = z.infer<typeof DetectionRow> & { cluster: string; nodeId: string; detection: z.infer<typeof Detection>; containerState: string | null; containerId: string | null; removed: boolean };
  const find = async (scopes: readonly Scope[], id: string): Promise<Found> => {
    const found = await sql<Found>`select ${columns}, d.cluster, d.node "nodeId", d.body detection, c.state "containerState", d.body->>'container' "containerId", c.removed_at is not null removed from ${from} where d.id = ${id} and ${visiblePlaces(scopes, 'd')} order by d.at desc limit 1`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return row;
  };
  const scopeOf = (row: Found): Scope => ({ cluster: row.cluster, ...(row.namespace === null ? {} : { namespace: row.namespace }), ...(row.project === null ? {} : { project: row.project }) });

  app.get('/api/v1/detections/:id', { config: { permission: 'read' }, schema: { tags: ['detections'], summary: 'One detection: what happened, the process tree, the events around it, what was done', params, response: { 200: DetectionDetail } } }, async (request) => {
    const row = await find(request.scopes, request.params.id);
    const [actions, responses, evidence, waivers] = await Promise.all([
      sql<z.infer<typeof CommandRow>>`select id, kind action, state, created_at "createdAt", created_by "createdBy", finished_at "finishedAt", message from commands
        where node = ${row.nodeId} and body->>'detection' = ${row.id} order by created_at desc limit 20`.execute(db),
      responsesOf(db, request.scopes, { detection: row.id }),
      sql<{ id: string; at: string; files: number }>`select e.id, e.at, jsonb_array_length((e.entry::jsonb)->'evidence'->'files') files from evidence e where e.detection = ${row.id} and ${visiblePlaces(request.scopes, 'e')} order by e.seq desc limit 20`.execute(db),
      sql<{ id: string }>`select d.id from documents d where d.kind = 'Waiver' and d.name = ${row.waivedBy} and d.cluster in ('', ${row.cluster}) limit 1`.execute(db),
    ]);
    const isolation = row.container === null ? undefined : (await responsesOf(db, request.scopes, { container: row.container.id, action: 'isolate', limit: 1 }))[0];
    const guilty = guiltyOf(row);
    return { ...row, process: guilty === undefined ? null : { pid: guilty.pid, name: guilty.name }, containerState: row.removed ? null : row.containerState, actions: actions.rows, responses, evidence: evidence.rows, isolated: isolation !== undefined && isolation.result === 'done' && isolation.undoneAt === null, waiver: row.waivedBy === null ? null : { text: row.waivedBy, id: waivers.rows[0]?.id ?? null } };
  });

  app.post('/api/v1/detections/:id/state', { config: { permission: 'triage' }, schema: { tags: ['detections'], summary: 'Acknowledge, close or reopen', params, body: z.object({ state: State }), response: { 200: z.object({}) } } }, async (request) => {
    const row = await find(request.scopes, request.params.id);
    demand(request, scopeOf(row), 'not-found');
    await db.transaction().execute(async (trx) => {
      await sql`update detections set state = ${request.body.state} where id = ${row.id} and at = ${row.at}`.execute(trx);
      await audit(trx, actorOf(request), 'detection.state', row.id, { rule: row.rule, from: row.state, to: request.body.state }, row.cluster);
      await announce(trx, 'detection', row.cluster, row.id);
    });
    live.nudge('changes');
    return {};
  });

  app.get('/api/v1/detections/:id/waiver', { config: { permission: 'read' }, schema: { tags: ['waivers'], summary: 'The narrowest waiver under which this detection would not count, to be finished with a reason', params, response: { 200: WaiverProposal } } }, async (request) => {
    const row = await find(request.scopes, request.params.id);
    return waiverProposal(row.detection, row.image, new Date());
  });

  app.post(
    '/api/v1/detections/:id/actions',
    { config: { permission: 'respond' }, schema: { tags: ['detections'], summary: 'Kill the process, collect evidence, or pause, stop, kill, isolate or connect its container; given up if the agent has not answered in five minutes', params, body: z.object({ action: z.enum(['kill-process', 'pause', 'unpause', 'stop', 'kill', 'isolate', 'reconnect', 'collect']) }), response: { 200: z.object({ id: z.string() }) } } },
    async (request) => {
      const row = await find(request.scopes, request.params.id);
      demand(request, scopeOf(row), 'not-found');
      const { action } = request.body;
      const guilty = guiltyOf(row);
      if (action === 'kill-process' && guilty === undefined) throw refuse('conflict', 'the process of this detection is not known');
      if (action !== 'kill-process' && action !== 'collect' && (row.containerId === null || row.removed)) throw refuse('conflict', 'this detection has no container that is still there');
      const process = guilty === undefined ? undefined : { pid: guilty.pid, start: guilty.start, name: guilty.name, path: guilty.path };
      const container = row.containerId === null ? undefined : row.containerId;
      const body = action === 'kill-process' ? { detection: row.id, pid: guilty?.pid, start: guilty?.start } : { detection: row.id, ...(container === undefined ? {} : { container }), ...(action === 'collect' && process !== undefined ? { process } : {}) };
      const about = { detection: row.id, rule: row.rule, ...(container === undefined ? {} : { container }), ...(row.container === null ? {} : { containerName: row.container.name }), ...(process === undefined ? {} : { process }) };
      const made = await askAgent(db, { node: row.nodeId, cluster: row.cluster, kind: action, body, subject: row.id, audit: `detection.${action}`, actor: actorOf(request), about });
      await announce(db, 'detection', row.cluster, row.id);
      live.nudge('commands', made.agent);
      live.nudge('changes');
      return { id: made.id };
    },
  );
}

/** The last process of the guilty branch; without its start it could be another by now. */
function guiltyOf(row: { detection: z.infer<typeof Detection> }): z.infer<typeof Detection>['tree'][number] | undefined {
  const guilty = row.detection.tree.findLast((process) => process.guilty);
  return guilty !== undefined && guilty.pid > 1 && guilty.start > 0 ? guilty : undefined;
}
