import { sql } from 'kysely';
import { z } from 'zod';
import { Container } from '@palisade/model/container';
import { Around, RulePriority, rulePriorities } from '@palisade/model/detection';
import { Finding } from '@palisade/model/finding';
import type { Scope } from '@palisade/model/scope';
import { severities } from '@palisade/model/severity';
import { Text } from '@palisade/model/text';
import { workloadConfig } from '@palisade/inspect/workload-config/detector';
import { workloadConfigRules } from '@palisade/inspect/workload-config/rules';
import { actorOf } from '../audit.ts';
import { visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import { addCommand } from '../gateway/commands.ts';
import type { App } from '../http/app.ts';
import { demand } from '../http/guard.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import type { SortKey } from '../http/page.ts';
import { announce } from '../live.ts';
import { askAgent } from '../responses/ask.ts';
import { ResponseRow, responsesOf } from './responses.ts';
import { Counts } from './images.ts';

const Severity = z.enum(severities);
const states = ['created', 'running', 'paused', 'restarting', 'exited', 'dead', 'unknown'] as const;
export const actions = ['pause', 'unpause', 'stop', 'kill', 'isolate', 'reconnect', 'collect'] as const;
const Action = z.enum(actions);
/** Which actions make sense in which state; the engine has the last word. */
const possible: Readonly<Record<(typeof states)[number], readonly (typeof actions)[number][]>> = { created: [], running: ['pause', 'isolate', 'reconnect', 'collect', 'stop', 'kill'], paused: ['unpause', 'isolate', 'reconnect', 'collect', 'stop', 'kill'], restarting: ['stop', 'kill'], exited: [], dead: [], unknown: ['stop', 'kill'] };

/** `risks`: rules that the way it runs breaks, `worst` the severity of the worst of them. `image.counts` null: not scanned yet; `matched`: against a feed. */
export const ContainerRow = z.object({
  id: z.string(), name: z.string(), state: z.enum(states), cluster: z.string(), node: z.object({ id: z.string(), name: z.string() }), image: z.object({ id: z.string(), name: z.string(), counts: Counts.nullable(), topScore: z.number(), matched: z.boolean(), uncovered: z.number() }),
  namespace: z.string().nullable(), project: z.string().nullable(), workload: z.string().nullable(), engine: z.string(), privileged: z.boolean(), exposed: z.boolean(), ports: Container.shape.ports, risks: z.array(z.string()), worst: Severity.nullable(),
  startedAt: z.string().nullable(), changedAt: z.string(), firstSeen: z.string(), removedAt: z.string().nullable(),
});

const columns = sql`c.key id, c.name, c.state, c.cluster, jsonb_build_object('id', c.node, 'name', coalesce(n.name, c.node)) node,
  jsonb_build_object('id', c.image_key, 'name', c.image_name, 'topScore', coalesce(i.top_score, 0), 'matched', i.feed is not null, 'uncovered', (select coalesce(sum(g.count), 0) from gaps g where g.image_key = i.key and g.kind in ('feed-missing', 'feed-partial'))::int, 'counts', case when i.status is null then null else jsonb_build_object('critical', i.critical, 'high', i.high, 'medium', i.medium, 'low', i.low, 'unknown', i.unknown) end) image,
  c.namespace, c.project, c.workload, c.engine, c.privileged, c.exposed, c.body->'ports' ports, c.risks, (${sql.lit(`{${severities.join(',')}}`)}::text[])[c.worst + 1] worst,
  c.body->>'started' "startedAt", c.at "changedAt", c.first_seen "firstSeen", c.removed_at "removedAt"`;
const from = sql`containers c left join nodes n on n.id = c.node left join images i on i.key = c.image_key`;

const ActionRow = z.object({ id: z.string(), action: z.string(), state: z.enum(['waiting', 'sent', 'done', 'failed', 'expired']), createdAt: z.string(), createdBy: z.string(), finishedAt: z.string().nullable(), message: z.string().nullable() });
export const ContainerDetail = ContainerRow.extend({ container: Container, findings: z.array(Finding.omit({ priority: true })), possible: z.array(Action), actions: z.array(ActionRow), isolated: z.boolean(), responses: z.array(ResponseRow), detections: z.object({ open: z.number(), waived: z.number(), worst: RulePriority.nullable() }) });
/** `around` null: not answered yet, or failed with `message`. */
export const Activity = z.object({ state: z.enum(['waiting', 'sent', 'done', 'failed', 'expired']), message: z.string().nullable(), at: z.string().nullable(), around: Around.nullable() });
export const RiskRow = z.object({ rule: z.string(), severity: Severity, title: Text, containers: z.number(), running: z.number() });

const sorts: Readonly<Record<string, SortKey>> = {
  risk: { by: sql`c.worst`, type: 'int', order: 'asc', field: 'worst' },
  score: { by: sql`coalesce(i.top_score, 0)`, type: 'real', order: 'desc', field: 'score' },
  name: { by: sql`c.name`, type: 'text', order: 'asc', field: 'name' },
  changed: { by: sql`c.at`, type: 'timestamptz', order: 'desc', field: 'changedAt' },
};

/** Containers as their engines tell of them, how they run, and what may be done to them. */
export function containerRoutes(app: App, context: Context): void {
  const { db, live } = context;

  app.get(
    '/api/v1/containers',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['workloads'], summary: 'Containers',
        querystring: z.object({
          ...pageQuery, q: z.string().max(200).optional().describe('part of the name of container or image'), cluster: z.string().max(100).optional(), node: z.string().max(100).optional(), image: z.string().max(100).optional(), state: z.enum(states).optional(),
          project: z.string().max(200).optional(), namespace: z.string().max(200).optional(), risk: z.string().max(100).optional().describe('a workload-config rule'), privileged: z.stringbool().optional(), exposed: z.stringbool().optional(),
          removed: z.stringbool().default(false), sort: z.enum(['risk', 'score', 'name', 'changed']).default('risk'),
        }),
        response: { 200: pageOf(ContainerRow) },
      },
    },
    async (request) => {
      const { q, cluster, node, image, state, project, namespace, risk, privileged, exposed, removed, sort, limit, cursor } = request.query;
      const where = [visiblePlaces(request.scopes, 'c'), removed ? sql<boolean>`c.removed_at is not null` : sql<boolean>`c.removed_at is null`];
      if (q !== undefined) where.push(sql`(c.name ilike ${`%${likeText(q)}%`} or c.image_name ilike ${`%${likeText(q)}%`} or c.container_id like ${`${likeText(q)}%`})`);
      for (const [column, value] of Object.entries({ cluster, node, image_key: image, state, project, namespace })) if (value !== undefined) where.push(sql`${sql.ref(`c.${column}`)} = ${value}`);
      if (risk !== undefined) where.push(sql`${risk} = any(c.risks)`);
      if (privileged !== undefined) where.push(sql`c.privileged = ${privileged}`);
      if (exposed !== undefined) where.push(sql`c.exposed = ${exposed}`);
      const byName: SortKey[] = [{ by: sql`c.name`, type: 'text', order: 'asc', field: 'name' }, { by: sql`c.key`, type: 'text', order: 'asc', field: 'id' }];
      const first = sorts[sort] ?? sorts['risk']!;
      return list<z.infer<typeof ContainerRow>>(db, { select: columns, from, where, sort: sort === 'name' ? byName : [first, ...byName], limit, cursor });
    },
  );

  app.get('/api/v1/workload-risks', { config: { permission: 'read' }, schema: { tags: ['workloads'], summary: 'Rules broken by the way containers run, with how many break each', response: { 200: z.object({ items: z.array(RiskRow) }) } } }, async (request) => {
    const rows = await sql<{ rule: string; containers: number; running: number }>`select risk rule, count(*)::int containers, count(*) filter (where c.state = 'running')::int running
      from containers c, unnest(c.risks) risk where c.removed_at is null and ${visiblePlaces(request.scopes, 'c')} group by 1`.execute(db);
    const known: Readonly<Record<string, { severity: (typeof severities)[number]; title: Text }>> = workloadConfigRules;
    const items = rows.rows.flatMap((row) => (known[row.rule] === undefined ? [] : [{ ...row, severity: known[row.rule]!.severity, title: known[row.rule]!.title }]));
    return { items: items.sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity) || b.running - a.running || a.rule.localeCompare(b.rule)) };
  });

  type Place = { key: string; container_id: string; name: string; cluster: string; namespace: string | null; project: string | null; node: string; state: (typeof states)[number]; removed: boolean };
  const find = async (scopes: readonly Scope[], id: string): Promise<Place> => {
    const found = await sql<Place>`select c.key, c.container_id, c.name, c.cluster, c.namespace, c.project, c.node, c.state, c.removed_at is not null removed from containers c where c.key = ${id} and ${visiblePlaces(scopes, 'c')}`.execute(db);
    const place = found.rows[0];
    if (place === undefined) throw refuse('not-found');
    return place;
  };
  const params = z.object({ id: z.string().max(100) });

  app.get('/api/v1/containers/:id', { config: { permission: 'read' }, schema: { tags: ['workloads'], summary: 'One container: how it runs, what that opens, what was done to it', params, response: { 200: ContainerDetail } } }, async (request) => {
    const place = await find(request.scopes, request.params.id);
    const [responses, isolation, seen, rows, done] = await Promise.all([
      responsesOf(db, request.scopes, { container: place.key }),
      responsesOf(db, request.scopes, { container: place.key, action: 'isolate', limit: 1 }),
      sql<{ open: number; waived: number; worst: number | null }>`select count(*) filter (where state <> 'closed' and waived_by is null)::int open, count(*) filter (where waived_by is not null)::int waived, min(priority) filter (where state <> 'closed' and waived_by is null) worst from detections where container_key = ${place.key}`.execute(db),
      sql<z.infer<typeof ContainerRow> & { container: Container }>`select ${columns}, c.body container from ${from} where c.key = ${place.key}`.execute(db),
      sql<z.infer<typeof ActionRow>>`select id, kind action, state, created_at "createdAt", created_by "createdBy", finished_at "finishedAt", message from commands where kind <> 'activity' and body ? 'container' and body->>'container' = ${place.container_id} and node = ${place.node} order by created_at desc limit 20`.execute(db),
    ]);
    const row = rows.rows[0];
    if (row === undefined) throw refuse('not-found');
    const findings = workloadConfig.inspect(row.container).sort((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity));
    const isolated = isolation[0] !== undefined && isolation[0].result === 'done' && isolation[0].undoneAt === null;
    const { open = 0, waived = 0, worst = null } = seen.rows[0] ?? {};
    return {
      ...row, findings, possible: place.removed ? [] : possible[place.state].filter((action) => action !== (isolated ? 'isolate' : 'reconnect')), actions: done.rows, isolated, responses,
      detections: { open, waived, worst: worst === null ? null : (rulePriorities[worst] ?? null) },
    };
  });

  app.post(
    '/api/v1/containers/:id/actions',
    {
      config: { permission: 'respond' },
      schema: { tags: ['workloads'], summary: 'Pause, unpause, stop or kill a container; given up if its agent has not answered in five minutes', params, body: z.object({ action: Action }), response: { 200: z.object({ id: z.string() }) } },
    },
    async (request) => {
      const place = await find(request.scopes, request.params.id);
      const scope: Scope = { cluster: place.cluster, ...(place.namespace === null ? {} : { namespace: place.namespace }), ...(place.project === null ? {} : { project: place.project }) };
      demand(request, scope, 'not-found');
      const { action } = request.body;
      if (place.removed) throw refuse('conflict', 'this container is gone');
      if (!possible[place.state].includes(action)) throw refuse('conflict', `a container that is ${place.state} cannot be asked to ${action}`);
      const { id, agent } = await askAgent(db, {
        node: place.node, cluster: place.cluster, kind: action, body: { container: place.container_id }, subject: place.key, audit: `container.${action}`, actor: actorOf(request),
        about: { container: place.container_id, containerName: place.name, ...(place.namespace === null ? {} : { namespace: place.namespace }), ...(place.project === null ? {} : { project: place.project }) },
      });
      await announce(db, 'containers', place.cluster, place.key);
      live.nudge('commands', agent);
      live.nudge('changes');
      return { id };
    },
  );

  app.post(
    '/api/v1/containers/:id/activity',
    { config: { permission: 'triage' }, schema: { tags: ['workloads'], summary: 'Ask the agent for what its recorder holds of this container now; the answer is read with the id', params, body: z.object({ seconds: z.number().int().min(1).max(3600).default(300) }), response: { 200: z.object({ id: z.string() }) } } },
    async (request) => {
      const place = await find(request.scopes, request.params.id);
      const agents = await sql<{ id: string; cluster: string; node: string }>`select id, cluster, node from agents where node = ${place.node} and cluster = ${place.cluster} and revoked_at is null order by seen_at desc nulls last limit 1`.execute(db);
      const agent = agents.rows[0];
      if (agent === undefined) throw refuse('conflict', 'no agent is enrolled on this container\'s node');
      const id = await addCommand(db, agent, { kind: 'activity', body: { container: place.container_id, seconds: request.body.seconds }, by: request.principal.name, expiresMinutes: 1 });
      live.nudge('commands', agent.id);
      return { id };
    },
  );

  app.get('/api/v1/containers/:id/activity/:command', { config: { permission: 'read' }, schema: { tags: ['workloads'], summary: 'What the recorder held when it was asked', params: params.extend({ command: z.string().max(100) }), response: { 200: Activity } } }, async (request) => {
    const place = await find(request.scopes, request.params.id);
    const found = await sql<{ state: z.infer<typeof Activity>['state']; message: string | null; result: unknown; at: string | null }>`select state, message, result, finished_at at from commands where id = ${request.params.command} and kind = 'activity' and node = ${place.node} and body->>'container' = ${place.container_id}`.execute(db);
    const row = found.rows[0];
    if (row === undefined) throw refuse('not-found');
    return { state: row.state, message: row.message, at: row.at, around: row.state === 'done' ? Around.parse(row.result) : null };
  });
}
