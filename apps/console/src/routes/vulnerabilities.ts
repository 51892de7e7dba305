import { sql } from 'kysely';
import { z } from 'zod';
import { Finding, findingKinds } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import { Text } from '@palisade/model/text';
import { visibleImages, visiblePlaces } from '../auth/visible.ts';
import type { Context } from '../context.ts';
import { refuse } from '../errors.ts';
import type { App } from '../http/app.ts';
import { list, pageOf, pageQuery } from '../http/page.ts';
import type { ListQuery, SortKey } from '../http/page.ts';
import type { Db } from '../postgres/database.ts';
import { Counts } from './images.ts';
import { WaivedBy, waivedBy } from './finding-filters.ts';
import { readsKeptRows, ruleConditions, ruleFilters, rulesFrom } from './rule-summaries.ts';

const Severity = z.enum(severities);
const Kind = z.enum(findingKinds);

/**
 * A rule (CVE, advisory, detector rule) with what it touches. `fixable` counts images with a fixed version, `exposed`
 * running containers that publish ports, `unanswered` findings whose answer is unknown, `waived` those let through.
 */
export const RuleRow = z.object({
  id: z.string(), kind: Kind, rule: z.string(), severity: Severity, score: z.number(), kev: z.boolean(), epss: z.number().nullable(), images: z.number(), containers: z.number(), exposed: z.number(),
  findings: z.number(), fixable: z.number(), waived: z.number(), unanswered: z.number(), packages: z.array(z.string()), title: Text, firstSeen: z.string(),
});

export const ruleColumns = sql`v.kind || ':' || v.rule id, v.kind, v.rule, (${sql.lit(`{${severities.join(',')}}`)}::text[])[v.severity + 1] severity, v.score, v.kev, v.epss, v.images, v.containers, v.exposed, v.findings, v.fixable, v.waived, v.unanswered,
  v.packages[1:5] packages, v.title, v.first_seen "firstSeen"`;

const sorts: Readonly<Record<string, SortKey>> = {
  score: { by: sql`v.score`, type: 'real', order: 'desc', field: 'score' },
  severity: { by: sql`v.severity`, type: 'int', order: 'asc', field: 'severity' },
  images: { by: sql`v.images`, type: 'int', order: 'desc', field: 'images' },
  containers: { by: sql`v.containers`, type: 'int', order: 'desc', field: 'containers' },
  epss: { by: sql`coalesce(v.epss, -1)`, type: 'real', order: 'desc', field: 'epss' },
  rule: { by: sql`v.rule`, type: 'text', order: 'asc', field: 'rule' },
  seen: { by: sql`v.first_seen`, type: 'timestamptz', order: 'desc', field: 'firstSeen' },
};

/** One way to get rid of it: package, the version that has the fix (null: none yet), how many images need it. */
const Fix = z.object({ package: z.string(), name: z.string(), fixed: z.string().nullable(), fixState: z.string().nullable(), base: z.boolean(), images: z.number() });

export const RuleDetail = RuleRow.extend({
  /** The finding of highest priority, as the example that the page explains. */
  worst: Finding,
  worstImage: z.object({ id: z.string(), name: z.string() }),
  fixes: z.array(Fix),
});

export const RulePlace = z.object({
  id: z.string(), image: z.string(), name: z.string(), running: z.number(), score: z.number(), answer: z.enum(['affected', 'unknown']), package: z.string().nullable(), packageName: z.string().nullable(), fixed: z.string().nullable(),
  path: z.string().nullable(), instruction: z.string().nullable(), waivedBy: WaivedBy,
});
export const RuleContainer = z.object({ id: z.string(), name: z.string(), state: z.string(), exposed: z.boolean(), privileged: z.boolean(), node: z.string(), nodeName: z.string(), image: z.string(), imageName: z.string() });

type Row = z.infer<typeof RuleRow>;

/** A page of kept rows: which they are is answered from an index alone, then those are read. */
async function keptPage(db: Db, query: Omit<ListQuery, 'select'>): ReturnType<typeof list<Row>> {
  const page = await list<{ kind: string; rule: string }>(db, { select: sql`v.kind, v.rule`, ...query });
  if (page.items.length === 0) return { ...page, items: [] };
  const rows = await sql<Row>`select ${ruleColumns} from ${query.from} where (v.kind, v.rule) in (${sql.join(page.items.map(({ kind, rule }) => sql`(${kind}, ${rule})`))})`.execute(db);
  const byId = new Map(rows.rows.map((row) => [row.id, row]));
  // One that a refresh has just taken away is left out.
  return { ...page, items: page.items.flatMap(({ kind, rule }) => byId.get(`${kind}:${rule}`) ?? []) };
}

/** Findings of every image grouped by their rule, and where one rule is found. */
export function vulnerabilityRoutes(app: App, { db }: Context): void {
  app.get(
    '/api/v1/vulnerabilities',
    {
      config: { permission: 'read' },
      schema: {
        tags: ['vulnerabilities'],
        summary: 'Findings across all images, grouped by rule or CVE',
        querystring: z.object({ ...pageQuery, ...ruleFilters, sort: z.enum(['score', 'severity', 'images', 'containers', 'epss', 'rule', 'seen']).default('score') }),
        response: { 200: pageOf(RuleRow).extend({ facets: z.object({ kind: z.record(Kind, z.number()), severity: Counts }) }) },
      },
    },
    async (request) => {
      const { limit, cursor, sort, ...filters } = request.query;
      const from = sql`(${rulesFrom(request.scopes, filters)}) v`;
      const first = sorts[sort] ?? sorts['score']!;
      const query = { from, where: ruleConditions(filters), limit, cursor, total: 0, sort: [first, { by: sql`v.kind`, type: 'text' as const, order: 'asc' as const, field: 'kind' }, { by: sql`v.rule`, type: 'text' as const, order: 'asc' as const, field: 'rule' }] };
      const [page, facets] = await Promise.all([
        readsKeptRows(request.scopes, filters) ? keptPage(db, query) : list<Row>(db, { select: ruleColumns, ...query }),
        sql<{ kind: z.infer<typeof Kind>; severity: number; n: number }>`select v.kind, v.severity, count(*)::int n from ${from} where ${sql.join(ruleConditions({ ...filters, kind: undefined, severity: undefined }), sql` and `)} group by 1, 2`.execute(db),
      ]);
      // Each facet counts under every filter but its own.
      const rows = facets.rows;
      const rank = filters.severity === undefined ? undefined : severities.indexOf(filters.severity);
      const kind = Object.fromEntries(findingKinds.map((name) => [name, rows.filter((row) => row.kind === name && (rank === undefined || row.severity === rank)).reduce((sum, row) => sum + row.n, 0)])) as Record<z.infer<typeof Kind>, number>;
      const severity = Object.fromEntries(severities.map((name, at) => [name, rows.filter((row) => row.severity === at && (filters.kind === undefined || row.kind === filters.kind)).reduce((sum, row) => sum + row.n, 0)])) as z.infer<typeof Counts>;
      // The facets have counted every row already: the list need not.
      const count = rows.filter((row) => (rank === undefined || row.severity === rank) && (filters.kind === undefined || row.kind === filters.kind)).reduce((sum, row) => sum + row.n, 0);
      return { ...page, total: { count, exact: true }, facets: { kind, severity } };
    },
  );

  const params = z.object({ kind: Kind, rule: z.string().max(300) });

  app.get('/api/v1/vulnerabilities/:kind/:rule', { config: { permission: 'read' }, schema: { tags: ['vulnerabilities'], summary: 'One rule or CVE: why it matters, what fixes it', params, response: { 200: RuleDetail } } }, async (request) => {
    const { kind, rule } = request.params;
    const own = sql`f.rule = ${rule} and f.kind = ${kind} and ${visibleImages(request.scopes, 'f', 'image_key')}`;
    const [head, worst, fixes] = await Promise.all([
      sql<z.infer<typeof RuleRow>>`select ${ruleColumns} from (${rulesFrom(request.scopes, { rule, kind })}) v where v.kind = ${kind} and v.rule = ${rule}`.execute(db),
      sql<{ body: Finding; id: string; name: string }>`select f.body, i.key id, i.name from findings f join images i on i.key = f.image_key where ${own} order by f.waived_by is not null, f.score desc, i.running desc, f.image_key limit 1`.execute(db),
      sql<z.infer<typeof Fix>>`select f.package, f.package_name name, f.fixed, f.fix_state "fixState", coalesce(bool_and(exists (select 1 from jsonb_array_elements(i.image->'layers') l where l->>'diffId' = f.layer and (l->>'base')::bool)), false) base, count(distinct f.image_key)::int images
        from findings f join images i on i.key = f.image_key where ${own} and f.package is not null group by 1, 2, 3, 4 order by 6 desc, 1 limit 20`.execute(db),
    ]);
    const [row, one] = [head.rows[0], worst.rows[0]];
    // The summary may be some seconds behind; without a finding there is nothing to tell.
    if (row === undefined || one === undefined) throw refuse('not-found');
    return { ...row, worst: one.body, worstImage: { id: one.id, name: one.name }, fixes: fixes.rows };
  });

  app.get('/api/v1/vulnerabilities/:kind/:rule/images', { config: { permission: 'read' }, schema: { tags: ['vulnerabilities'], summary: 'Images in which a rule is found', params, querystring: z.object(pageQuery), response: { 200: pageOf(RulePlace) } } }, async (request) => {
    const { kind, rule } = request.params;
    return list<z.infer<typeof RulePlace>>(db, {
      select: sql`f.image_key || '/' || f.id id, f.image_key image, i.name, i.running, f.score, f.answer, f.package, f.package_name "packageName", f.fixed, f.path, (select b.body->>'instruction' from findings b where b.image_key = f.image_key and b.id = f.id) instruction, ${waivedBy}`,
      from: sql`findings f join images i on i.key = f.image_key`,
      where: [sql`f.rule = ${rule}`, sql`f.kind = ${kind}`, visibleImages(request.scopes, 'f', 'image_key')],
      sort: [{ by: sql`f.score`, type: 'real', order: 'desc', field: 'score' }, { by: sql`f.image_key`, type: 'text', order: 'asc', field: 'image' }, { by: sql`f.id`, type: 'text', order: 'asc', field: 'id' }],
      limit: request.query.limit, cursor: request.query.cursor,
    });
  });

  app.get('/api/v1/vulnerabilities/:kind/:rule/containers', { config: { permission: 'read' }, schema: { tags: ['vulnerabilities'], summary: 'Running containers that carry a rule', params, querystring: z.object(pageQuery), response: { 200: pageOf(RuleContainer) } } }, async (request) => {
    const { kind, rule } = request.params;
    return list<z.infer<typeof RuleContainer>>(db, {
      select: sql`c.key id, c.name, c.state, c.exposed, c.privileged, c.node, coalesce(n.name, c.node) "nodeName", c.image_key image, c.image_name "imageName"`,
      from: sql`containers c left join nodes n on n.id = c.node`,
      where: [sql`c.removed_at is null`, sql`c.state in ('running', 'paused', 'restarting')`, sql`c.image_key in (select f.image_key from findings f where f.rule = ${rule} and f.kind = ${kind})`, visiblePlaces(request.scopes, 'c')],
      sort: [{ by: sql`c.exposed::int`, type: 'int', order: 'desc', field: 'exposed' }, { by: sql`c.name`, type: 'text', order: 'asc', field: 'name' }, { by: sql`c.key`, type: 'text', order: 'asc', field: 'id' }],
      limit: request.query.limit, cursor: request.query.cursor,
    });
  });
}
