import { sql } from 'kysely';
import { z } from 'zod';
import { severities } from '@palisade/model/severity';
import { Text } from '@palisade/model/text';
import { visibleClusters, visibleImages, visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import type { App } from '../http/app.ts';
import { GapGroup, gapGroups } from './coverage.ts';
import { Counts } from './images.ts';
import { rulesFrom } from './rule-summaries.ts';
import { RuleRow, ruleColumns } from './vulnerabilities.ts';

const Incident = z.object({ id: z.string(), at: z.string(), lastAt: z.string(), title: z.union([Text, z.string()]), priority: z.number(), state: z.string(), detections: z.number(), container: z.object({ id: z.string(), name: z.string() }).nullable(), node: z.string() });

/**
 * Three questions: `attack` (what was detected, and on how many nodes anything could be), `fix` (the rules to begin
 * with) and `blind` (what is not looked at). `proof` says what the answers rest on. `feed` null: no feed anywhere.
 */
export const Overview = z.object({
  attack: z.object({ nodes: z.number(), watched: z.number(), silent: z.number(), openIncidents: z.number(), incidents: z.array(Incident), detections24h: z.number() }),
  fix: z.object({ items: z.array(RuleRow), rules: z.number(), exploited: z.number(), secrets: z.number(), risky: z.number() }),
  blind: z.object({ groups: z.array(GapGroup), silentNodes: z.number(), notScanned: z.number(), failed: z.number(), withoutFeed: z.number(), withoutEngine: z.number() }),
  proof: z.object({ images: z.number(), complete: z.number(), partial: z.number(), counts: Counts, containers: z.number(), running: z.number(), nodes: z.number(), online: z.number() }),
  feed: z.object({ id: z.string(), built: z.string() }).nullable(),
});

/** The first page. */
export function overviewRoutes(app: App, { db }: Context): void {
  app.get('/api/v1/overview', { config: { permission: 'read' }, schema: { tags: ['overview'], summary: 'Is something under attack, what to fix first, what is not looked at', response: { 200: Overview } } }, async (request) => {
    const { scopes } = request;
    const rules = sql`(${rulesFrom(scopes, {})}) v`;
    type Images = { images: number; complete: number; partial: number; failed: number; notScanned: number; withoutFeed: number } & Record<(typeof severities)[number], number>;
    const [nodes, containers, images, worst, totals, groups, incidents, openIncidents, detections, feed] = await Promise.all([
      sql<{ nodes: number; watched: number; online: number; withoutEngine: number }>`select count(*)::int nodes, count(*) filter (where n.body->'sensor'->>'state' = 'armed' and a.online)::int watched, count(*) filter (where a.online)::int online,
        count(*) filter (where not coalesce(n.body->'engines' @> '[{"state":"connected"}]', false))::int "withoutEngine"
        from nodes n left join lateral (select bool_or(a.revoked_at is null and a.seen_at > now() - interval '2 minutes') online from agents a where a.node = n.id and a.cluster = n.cluster) a on true where ${visibleClusters(scopes, 'n.cluster')}`.execute(db),
      sql<{ containers: number; running: number; risky: number }>`select count(*)::int containers, count(*) filter (where c.state = 'running')::int running, count(*) filter (where c.worst <= 1 and c.state in ('running', 'paused'))::int risky from containers c where c.removed_at is null and ${visiblePlaces(scopes, 'c')}`.execute(db),
      sql<Images>`select count(*)::int images, count(*) filter (where i.status = 'complete')::int complete, count(*) filter (where i.status = 'partial')::int partial, count(*) filter (where i.status = 'failed')::int failed, count(*) filter (where i.status is null)::int "notScanned",
        count(*) filter (where i.status is not null and i.feed is null)::int "withoutFeed", ${sql.join(severities.map((severity) => sql`coalesce(sum(${sql.ref(`i.${severity}`)}), 0)::int ${sql.ref(severity)}`))} from images i where i.present and ${visibleImages(scopes, 'i')}`.execute(db),
      sql<z.infer<typeof RuleRow>>`select ${ruleColumns} from ${rules} where v.waived < v.findings and v.unanswered < v.findings order by v.score desc, v.kind, v.rule limit 5`.execute(db),
      sql<{ rules: number; exploited: number; secrets: number }>`select count(*)::int rules, count(*) filter (where v.kev)::int exploited, count(*) filter (where v.kind = 'secret')::int secrets from ${rules} where v.waived < v.findings`.execute(db),
      gapGroups(db, scopes),
      sql<z.infer<typeof Incident>>`select x.id, x.at, x.last_at "lastAt", coalesce(x.body->'title', to_jsonb(x.id)) title, x.priority, x.state, x.detections, case when c.key is null then null else jsonb_build_object('id', c.key, 'name', c.name) end container, coalesce(n.name, x.node) node
        from incidents x left join containers c on c.key = x.container_key left join nodes n on n.id = x.node where x.state <> 'closed' and ${visiblePlaces(scopes, 'x')} order by x.priority, x.last_at desc limit 5`.execute(db),
      sql<{ n: number }>`select count(*)::int n from incidents x where x.state <> 'closed' and ${visiblePlaces(scopes, 'x')}`.execute(db),
      sql<{ n: number }>`select count(*)::int n from (select 1 from detections d where d.at > now() - interval '1 day' and d.waived_by is null and ${visiblePlaces(scopes, 'd')} limit 10000) counted`.execute(db),
      sql<{ id: string; built: string }>`select id, built from (select feed_id id, to_char(built_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') built, 0 n from feeds where active
        union all (select i.feed->>'id', i.feed->>'built', 1 from images i where i.feed is not null and ${visibleImages(scopes, 'i')} order by i.feed->>'built' desc limit 1)) known order by n limit 1`.execute(db),
    ]);
    const [machine, box, image, total] = [nodes.rows[0]!, containers.rows[0]!, images.rows[0]!, totals.rows[0]!];
    const { critical, high, medium, low, unknown } = image;
    return {
      attack: { nodes: machine.nodes, watched: machine.watched, silent: machine.nodes - machine.online, openIncidents: openIncidents.rows[0]!.n, incidents: incidents.rows, detections24h: detections.rows[0]!.n },
      fix: { items: worst.rows, ...total, risky: box.risky },
      blind: { groups: groups.slice(0, 6), silentNodes: machine.nodes - machine.online, notScanned: image.notScanned, failed: image.failed, withoutFeed: image.withoutFeed, withoutEngine: machine.withoutEngine },
      proof: { images: image.images, complete: image.complete, partial: image.partial, counts: { critical, high, medium, low, unknown }, containers: box.containers, running: box.running, nodes: machine.nodes, online: machine.online },
      feed: feed.rows[0] ?? null,
    };
  });
}
