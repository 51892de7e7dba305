import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { z } from 'zod';
import type { Scope } from '@palisade/model/scope';
import { findingKinds } from '@palisade/model/finding';
import { severities } from '@palisade/model/severity';
import { visibleClusters, visibleImages } from '../auth/visible.ts';
import { likeText } from '../http/page.ts';

/** Query parameters that narrow rules. */
export const ruleFilters = {
  kind: z.enum(findingKinds).optional(),
  severity: z.enum(severities).optional(),
  q: z.string().max(200).optional().describe('part of a rule id, title or package name'),
  package: z.string().max(300).optional().describe('exact package name'),
  image: z.string().max(100).optional().describe('only what this image has'),
  cluster: z.string().max(100).optional(),
  fixable: z.stringbool().optional(),
  kev: z.stringbool().optional(),
  running: z.stringbool().optional().describe('a running container carries it'),
  exposed: z.stringbool().optional().describe('a running container that publishes ports carries it'),
  waived: z.stringbool().optional().describe('true: only rules all of whose findings are waived; false: the others'),
};
type Partially<T> = { [Name in keyof T]?: T[Name] | undefined };
export type RuleFilters = Partially<z.infer<z.ZodObject<typeof ruleFilters>>> & { rule?: string };

/**
 * Rows of rules as this asker may see them. Whole clusters are read from the summaries, which the job keeps; an asker
 * of a narrower scope, or a list of one image, is answered from the findings of just those images.
 */
export function rulesFrom(scopes: readonly Scope[], filters: RuleFilters): RawBuilder<unknown> {
  const narrow = scopes.every((scope) => scope.namespace !== undefined || scope.project !== undefined);
  if (filters.image !== undefined || narrow) return fromFindings(scopes, filters);
  const everywhere = scopes.some((scope) => scope.cluster === undefined && scope.namespace === undefined && scope.project === undefined);
  const rule = filters.rule === undefined ? sql`true` : sql`s.rule = ${filters.rule}`;
  if (filters.cluster !== undefined) return sql`select * from rule_summaries s where s.cluster = ${filters.cluster} and ${visibleClusters(scopes, 's.cluster')} and ${rule}`;
  if (everywhere) return sql`select * from rule_summaries s where s.cluster = '' and ${rule}`;
  return sql`select s.kind, s.rule, min(s.severity) severity, max(s.score) score, bool_or(s.kev) kev, max(s.epss) epss, sum(s.images)::int images, sum(s.containers)::int containers, sum(s.exposed)::int exposed,
      sum(s.findings)::int findings, sum(s.fixable)::int fixable, sum(s.waived)::int waived, sum(s.unanswered)::int unanswered, ${joinedPackages} packages, (array_agg(s.title order by s.score desc))[1] title, min(s.first_seen) first_seen, string_agg(s.words, ' ') words
    from rule_summaries s where s.cluster <> '' and ${visibleClusters(scopes, 's.cluster')} and ${rule} group by s.kind, s.rule`;
}

/** Whether `rulesFrom` reads rows of summaries as they are kept: then an index holds all that a list needs but its page. */
export function readsKeptRows(scopes: readonly Scope[], filters: RuleFilters): boolean {
  const whole = scopes.filter((scope) => scope.namespace === undefined && scope.project === undefined);
  return filters.image === undefined && (filters.cluster === undefined ? whole.some((scope) => scope.cluster === undefined) : whole.length > 0);
}

/** Arrays of different length cannot be aggregated into one: they are joined as lines (no package name holds one). */
export const joinedPackages = sql.raw(`array(select distinct named from unnest(string_to_array(string_agg(array_to_string(s.packages, E'\\n'), E'\\n'), E'\\n')) named where named <> '')`);

function fromFindings(scopes: readonly Scope[], filters: RuleFilters): RawBuilder<unknown> {
  const image = filters.image === undefined ? sql`true` : sql`f.image_key = ${filters.image}`;
  const rule = filters.rule === undefined ? sql`true` : sql`f.rule = ${filters.rule}`;
  return sql`select f.kind, f.rule, min(f.severity) severity, max(f.score) score, bool_or(f.kev) kev, max(f.epss) epss, count(distinct f.image_key)::int images,
      (select count(*) from containers c where c.removed_at is null and c.state = 'running' and c.image_key = any(array_agg(f.image_key)))::int containers,
      (select count(*) from containers c where c.removed_at is null and c.state = 'running' and c.exposed and c.image_key = any(array_agg(f.image_key)))::int exposed,
      count(*)::int findings, count(distinct f.image_key) filter (where f.fixed is not null)::int fixable, count(*) filter (where f.waived_by is not null)::int waived, count(*) filter (where f.answer = 'unknown')::int unanswered,
      coalesce((array_agg(distinct f.package_name) filter (where f.package_name is not null))[1:50], '{}') packages, (array_agg(f.body->'title' order by f.score desc))[1] title, min(f.first_seen) first_seen,
      lower(concat_ws(' ', f.rule, (array_agg(f.body->'title'->>'en' order by f.score desc))[1], (array_agg(f.body->'title'->>'zh-CN' order by f.score desc))[1], string_agg(distinct f.package_name, ' '))) words
    from findings f where ${visibleImages(scopes, 'f', 'image_key')} and ${image} and ${rule} group by f.kind, f.rule`;
}

/** Conditions on the rows `v` that `rulesFrom` makes; never empty. */
export function ruleConditions(filters: RuleFilters): RawBuilder<boolean>[] {
  const where: RawBuilder<boolean>[] = [sql`true`];
  if (filters.kind !== undefined) where.push(sql`v.kind = ${filters.kind}`);
  if (filters.severity !== undefined) where.push(sql`v.severity = ${severities.indexOf(filters.severity)}::smallint`);
  if (filters.package !== undefined) where.push(sql`v.packages @> array[${filters.package}]::text[]`);
  if (filters.q !== undefined) where.push(sql`v.words like ${`%${likeText(filters.q.toLowerCase())}%`}`);
  if (filters.fixable !== undefined) where.push(filters.fixable ? sql`v.fixable > 0` : sql`v.fixable = 0`);
  if (filters.kev !== undefined) where.push(sql`v.kev = ${filters.kev}`);
  if (filters.running !== undefined) where.push(filters.running ? sql`v.containers > 0` : sql`v.containers = 0`);
  if (filters.exposed !== undefined) where.push(filters.exposed ? sql`v.exposed > 0` : sql`v.exposed = 0`);
  if (filters.waived !== undefined) where.push(filters.waived ? sql`v.waived = v.findings` : sql`v.waived < v.findings`);
  return where;
}
