import { sql } from 'kysely';
import { z } from 'zod';
import { Finding, findingKinds } from '@palisade/model/finding';
import { Gap } from '@palisade/model/gap';
import { Image } from '@palisade/model/image';
import { Package } from '@palisade/model/package';
import { FeedSummary } from '@palisade/model/scan-result';
import { severities } from '@palisade/model/severity';
import { Verdict } from '@palisade/model/verdict';
import { visibleImages } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';
import type { SortKey } from '../http/page.ts';
import { WaivedBy, findingConditions, findingFilters, findingSort, waivedBy } from './finding-filters.ts';

export const Counts = z.object({ critical: z.number(), high: z.number(), medium: z.number(), low: z.number(), unknown: z.number() });

/** `status` null: not scanned yet. `running` counts containers; `counts` leave waived findings out. */
export const ImageRow = z.object({
  id: z.string(),
  imageId: z.string(),
  cluster: z.string(),
  kind: z.enum(['image', 'host']),
  name: z.string(),
  names: z.array(z.string()),
  platform: z.string().nullable(),
  size: z.number(),
  status: z.enum(['complete', 'partial', 'failed']).nullable(),
  gaps: z.number(),
  /** Packages that no feed covers: whether they are vulnerable is unknown. */
  uncovered: z.number(),
  scannedAt: z.string().nullable(),
  matchedAt: z.string().nullable(),
  feed: z.object({ id: z.string(), built: z.string() }).nullable(),
  verdict: z.enum(['none', 'allow', 'warn', 'deny']),
  packages: z.number(),
  findings: z.number(),
  counts: Counts,
  fixable: z.number(),
  topScore: z.number(),
  running: z.number(),
  present: z.boolean(),
  firstSeen: z.string(),
});

const columns = sql`i.key id, i.image_id "imageId", i.cluster, i.kind, i.name, i.names, i.platform, i.size, i.status, i.gaps, (select coalesce(sum(g.count), 0) from gaps g where g.image_key = i.key and g.kind in ('feed-missing', 'feed-partial'))::int uncovered, i.scan_at "scannedAt", i.matched_at "matchedAt",
  case when i.feed is null then null else jsonb_build_object('id', i.feed->>'id', 'built', i.feed->>'built') end feed, i.verdict_result verdict, i.packages, i.findings,
  jsonb_build_object('critical', i.critical, 'high', i.high, 'medium', i.medium, 'low', i.low, 'unknown', i.unknown) counts, i.fixable, i.top_score "topScore", i.running, i.present, i.first_seen "firstSeen"`;

const sorts: Readonly<Record<string, SortKey>> = {
  score: { by: sql`i.top_score`, type: 'real', order: 'desc', field: 'topScore' },
  name: { by: sql`i.name`, type: 'text', order: 'asc', field: 'name' },
  critical: { by: sql`i.critical`, type: 'int', order: 'desc', field: 'critical' },
  findings: { by: sql`i.findings`, type: 'int', order: 'desc', field: 'findings' },
  running: { by: sql`i.running`, type: 'int', order: 'desc', field: 'running' },
  size: { by: sql`i.size`, type: 'bigint', order: 'desc', field: 'size' },
  seen: { by: sql`i.first_seen`, type: 'timestamptz', order: 'desc', field: 'firstSeen' },
};

export const LayerRow = z.object({
  diffId: z.string(),
  instruction: z.string(),
  size: z.number(),
  base: z.boolean(),
  packages: z.number(),
  findings: z.number(),
  counts: Counts,
});

export const ImageDetail = ImageRow.extend({
  image: Image.nullable(),
  layers: z.array(LayerRow),
  content: z.enum(['verified', 'headers']).nullable(),
  feedDetail: FeedSummary.nullable(),
  lookedAt: z.object({ files: z.number(), bytes: z.number(), layers: z.number(), detectors: z.array(z.string()) }).nullable(),
  verdictDetail: Verdict.nullable(),
  gapList: z.array(Gap),
  containers: z.array(z.object({ id: z.string(), name: z.string(), state: z.string(), node: z.string(), project: z.string().nullable(), namespace: z.string().nullable() })),
  nodes: z.array(z.object({ id: z.string(), name: z.string() })),
});

/** The images of every cluster one may see: list, one with its layer timeline, its packages and findings. */
export function imageRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/images',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['images'],
        summary: 'List images (and scanned host file systems)',
        querystring: z.object({
          ...pageQuery,
          q: z.string().max(200).optional().describe('part of a name or id'),
          cluster: z.string().optional(),
          kind: z.enum(['image', 'host']).optional(),
          status: z.enum(['complete', 'partial', 'failed', 'not-scanned']).optional(),
          severity: z.enum(severities).optional().describe('has a finding of this severity'),
          verdict: z.enum(['none', 'allow', 'warn', 'deny']).optional(),
          running: z.stringbool().optional(),
          present: z.stringbool().optional(),
          sort: z.enum(['score', 'name', 'critical', 'findings', 'running', 'size', 'seen']).default('score'),
        }),
        response: { 200: pageOf(ImageRow) },
      },
    },
    async (request) => {
      const { q, cluster, kind, status, severity, verdict, running, present, sort, limit, cursor } = request.query;
      const where = [visibleImages(request.scopes, 'i')];
      if (q !== undefined) {
        const pattern = `%${likeText(q)}%`;
        where.push(sql`(i.name ilike ${pattern} or i.image_id ilike ${pattern} or exists (select 1 from unnest(i.names) named where named ilike ${pattern}))`);
      }
      if (cluster !== undefined) where.push(sql`i.cluster = ${cluster}`);
      if (kind !== undefined) where.push(sql`i.kind = ${kind}`);
      if (status !== undefined) where.push(status === 'not-scanned' ? sql`i.status is null` : sql`i.status = ${status}`);
      if (severity !== undefined) where.push(sql`${sql.ref(`i.${severity}`)} > 0`);
      if (verdict !== undefined) where.push(sql`i.verdict_result = ${verdict}`);
      if (running !== undefined) where.push(running ? sql`i.running > 0` : sql`i.running = 0`);
      if (present !== undefined) where.push(sql`i.present = ${present}`);
      const first = sorts[sort] ?? sorts['score']!;
      return list<z.infer<typeof ImageRow>>(db, { select: columns, from: sql`images i`, where, sort: [first, { by: sql`i.key`, type: 'text', order: 'asc', field: 'id' }], limit, cursor });
    },
  );

  const one = async (scopes: Parameters<typeof visibleImages>[0], id: string): Promise<void> => {
    const found = await sql`select 1 from images i where i.key = ${id} and ${visibleImages(scopes, 'i')}`.execute(db);
    if (found.rows.length === 0) throw refuse('not-found');
  };
  const params = z.object({ id: z.string().max(100) });

  app.get('/api/v1/images/:id', { config: { permission: 'read' }, schema: { tags: ['images'], summary: 'One image with its layer timeline', params, response: { 200: ImageDetail } } }, async (request) => {
    const { id } = request.params;
    type Head = z.infer<typeof ImageRow> & { image: Image | null; content: 'verified' | 'headers' | null; feedDetail: FeedSummary | null; lookedAt: z.infer<typeof ImageDetail>['lookedAt']; verdictDetail: Verdict | null };
    const found = await sql<Head>`select ${columns}, i.image, i.content, i.feed "feedDetail", i.looked_at "lookedAt", i.verdict "verdictDetail" from images i where i.key = ${id} and ${visibleImages(request.scopes, 'i')}`.execute(db);
    const head = found.rows[0];
    if (head === undefined) throw refuse('not-found');
    const [gaps, containers, nodes, brought, risks] = await Promise.all([
      sql<Gap>`select kind, subject, since, reason, count, remedy from gaps where image_key = ${id} order by kind, subject limit 1000`.execute(db),
      sql<z.infer<typeof ImageDetail>['containers'][number]>`select key id, name, state, node, project, namespace from containers where image_key = ${id} and removed_at is null order by name limit 500`.execute(db),
      sql<{ id: string; name: string }>`select distinct n.id, n.name from nodes n left join node_images m on m.node = n.id where m.image_key = ${id} or n.id = (select node from images where key = ${id}) order by n.name`.execute(db),
      sql<{ layer: string; n: number }>`select layer, count(*)::int n from image_packages where image_key = ${id} and layer is not null group by layer`.execute(db),
      sql<{ layer: string; severity: number; n: number }>`select layer, severity, count(*)::int n from findings where image_key = ${id} and layer is not null and waived_by is null group by layer, severity`.execute(db),
    ]);
    const layers = (head.image?.layers ?? []).map((layer) => {
      const own = risks.rows.filter((row) => row.layer === layer.diffId);
      const count = (severity: (typeof severities)[number]): number => own.find((row) => row.severity === severities.indexOf(severity))?.n ?? 0;
      return {
        ...layer,
        packages: brought.rows.find((row) => row.layer === layer.diffId)?.n ?? 0,
        findings: own.reduce((sum, row) => sum + row.n, 0),
        counts: { critical: count('critical'), high: count('high'), medium: count('medium'), low: count('low'), unknown: count('unknown') },
      };
    });
    const gapList = gaps.rows.map(({ remedy, ...gap }) => ({ ...gap, ...(remedy === null || remedy === undefined ? {} : { remedy }) }));
    return { ...head, layers, gapList, containers: containers.rows, nodes: nodes.rows };
  });

  app.get(
    '/api/v1/images/:id/packages',
    {
      config: { permission: 'read' },
      schema: { tags: ['images'], summary: 'Packages of an image', params, querystring: z.object({ ...pageQuery, q: z.string().max(200).optional(), layer: z.string().optional(), ecosystem: z.string().optional() }), response: { 200: pageOf(Package) } },
    },
    async (request) => {
      const { id } = request.params;
      await one(request.scopes, id);
      const { q, layer, ecosystem, limit, cursor } = request.query;
      const where = [sql<boolean>`p.image_key = ${id}`];
      if (q !== undefined) where.push(sql`p.name ilike ${`%${likeText(q)}%`}`);
      if (layer !== undefined) where.push(sql`p.layer = ${layer}`);
      if (ecosystem !== undefined) where.push(sql`p.ecosystem = ${ecosystem}`);
      const page = await list<{ body: Package }>(db, {
        select: sql`p.body`,
        from: sql`image_packages p`,
        where,
        sort: [
          { by: sql`p.name`, type: 'text', order: 'asc', field: 'name' },
          { by: sql`p.n`, type: 'int', order: 'asc', field: 'n' },
        ],
        limit,
        cursor,
      });
      return { ...page, items: page.items.map((row) => row.body) };
    },
  );

  app.get(
    '/api/v1/images/:id/findings',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['images'],
        summary: 'Findings of an image, worst first',
        params,
        querystring: z.object({ ...pageQuery, ...findingFilters, layer: z.string().optional() }),
        response: { 200: pageOf(Finding.extend({ waivedBy: WaivedBy, firstSeen: z.string() })).extend({ facets: z.object({ kind: z.record(z.enum(findingKinds), z.number()), severity: Counts }) }) },
      },
    },
    async (request) => {
      const { id } = request.params;
      await one(request.scopes, id);
      const where = [sql<boolean>`f.image_key = ${id}`, ...findingConditions(request.query)];
      if (request.query.layer !== undefined) where.push(sql`f.layer = ${request.query.layer}`);
      const [page, facets] = await Promise.all([
        list<{ body: Finding; waivedBy: z.infer<typeof WaivedBy>; firstSeen: string }>(db, {
          select: sql`f.body, ${waivedBy}, f.first_seen "firstSeen"`,
          from: sql`findings f`,
          where,
          sort: findingSort('f'),
          limit: request.query.limit,
          cursor: request.query.cursor,
        }),
        sql<{ kind: (typeof findingKinds)[number]; severity: number; n: number }>`select kind, severity, count(*)::int n from findings where image_key = ${id} group by 1, 2`.execute(db),
      ]);
      const kind = Object.fromEntries(findingKinds.map((name) => [name, facets.rows.filter((row) => row.kind === name).reduce((sum, row) => sum + row.n, 0)])) as Record<(typeof findingKinds)[number], number>;
      const severity = Object.fromEntries(severities.map((name, rank) => [name, facets.rows.filter((row) => row.severity === rank).reduce((sum, row) => sum + row.n, 0)])) as z.infer<typeof Counts>;
      return { ...page, items: page.items.map(({ body, ...about }) => ({ ...body, ...about })), facets: { kind, severity } };
    },
  );
}
