import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import type { Scope } from '@palisade/model/scope';
import { Text } from '@palisade/model/text';
import { visibleClusters, visibleImages } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import type { App } from '../http/app.ts';
import { likeText, list, pageOf, pageQuery } from '../http/page.ts';

const Named = z.object({ id: z.string(), name: z.string() });

/** A gap with where it was reported; `until` null: still open. */
export const GapRow = z.object({
  id: z.string(), kind: z.string(), subject: z.string(), reason: z.string(), count: z.number(), remedy: Text.nullable(), source: z.string(), since: z.string(), until: z.string().nullable(), seenAt: z.string(), node: Named.nullable(), image: Named.nullable(),
});
export const GapGroup = z.object({ kind: z.string(), gaps: z.number(), count: z.number(), since: z.string(), nodes: z.number(), images: z.number(), remedy: Text.nullable() });

/** Gaps of clusters one may see whole, and of images one may see. */
export function visibleGaps(scopes: readonly Scope[]): RawBuilder<boolean> {
  const wide = visibleClusters(scopes, 'g.cluster');
  if (scopes.every((scope) => scope.namespace === undefined && scope.project === undefined)) return wide;
  return sql<boolean>`(${wide} or exists (select 1 from images i where i.key = g.image_key and ${visibleImages(scopes, 'i')}))`;
}

/** Everything that is not looked at. */
export function coverageRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/gaps',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['coverage'], summary: 'Gaps, newest first', response: { 200: pageOf(GapRow) },
        querystring: z.object({
          ...pageQuery, kind: z.string().max(100).optional(), node: z.string().max(100).optional(), cluster: z.string().max(100).optional(), source: z.string().max(100).optional(), image: z.string().max(100).optional(),
          q: z.string().max(200).optional().describe('part of subject or reason'), state: z.enum(['open', 'ended', 'all']).default('open'),
        }),
      },
    },
    async (request) => {
      const { kind, node, cluster, source, image, q, state, limit, cursor } = request.query;
      const where = [visibleGaps(request.scopes)];
      for (const [column, value] of Object.entries({ kind, node, cluster, source, image_key: image })) if (value !== undefined) where.push(sql`${sql.ref(`g.${column}`)} = ${value}`);
      if (state !== 'all') where.push(state === 'open' ? sql`g.until is null` : sql`g.until is not null`);
      if (q !== undefined) where.push(sql`(g.subject ilike ${`%${likeText(q)}%`} or g.reason ilike ${`%${likeText(q)}%`})`);
      return list<z.infer<typeof GapRow>>(db, {
        select: sql`g.id, g.kind, g.subject, g.reason, g.count, g.remedy, g.source, g.since, g.until, g.seen_at "seenAt",
          (select jsonb_build_object('id', n.id, 'name', n.name) from nodes n where n.id = g.node) node, (select jsonb_build_object('id', i.key, 'name', i.name) from images i where i.key = g.image_key) image`,
        from: sql`gaps g`, where, limit, cursor,
        sort: [{ by: sql`g.since`, type: 'timestamptz', order: 'desc', field: 'since' }, { by: sql`g.id`, type: 'text', order: 'asc', field: 'id' }],
      });
    },
  );

  app.get('/api/v1/gap-groups', { config: { permission: 'read' }, schema: { tags: ['coverage'], summary: 'Open gaps by kind, those that hide most first', response: { 200: z.object({ items: z.array(GapGroup) }) } } }, async (request) => ({ items: await gapGroups(db, request.scopes) }));
}

/** Open gaps by kind; those of whole nodes before those of single files. */
export async function gapGroups(db: Context['db'], scopes: readonly Scope[]): Promise<z.infer<typeof GapGroup>[]> {
  const rows = await sql<z.infer<typeof GapGroup>>`select g.kind, count(*)::int gaps, sum(g.count)::bigint count, min(g.since) since, count(distinct g.node)::int nodes, count(distinct g.image_key)::int images, (array_agg(g.remedy) filter (where g.remedy is not null))[1] remedy
    from gaps g where g.until is null and ${visibleGaps(scopes)} group by 1 order by bool_or(g.image_key is null) desc, 2 desc, 1`.execute(db);
  return rows.rows;
}
