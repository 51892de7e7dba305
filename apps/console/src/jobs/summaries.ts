import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';
import { joinedPackages } from '../routes/rule-summaries.ts';

/**
 * Makes the per-cluster, per-rule summaries anew from the findings: always the truth, never a drifting counter.
 * Lists over a million findings read these rows. One replica at a time; a run that another replica began after we were
 * asked counts as ours. Answers whether it did the work.
 */
export async function refreshSummaries(trx: Db): Promise<boolean> {
  await sql`set local statement_timeout = '900s'`.execute(trx);
  await sql`set local lock_timeout = '900s'`.execute(trx);
  // A million findings sorted in memory rather than on disk.
  await sql`set local work_mem = '256MB'`.execute(trx);
  const asked = await sql<{ at: string }>`select clock_timestamp()::text at`.execute(trx);
  await sql`select pg_advisory_xact_lock(7443002)`.execute(trx);
  const newer = await sql`select 1 from settings where key = 'summaries' and (value->>'began')::timestamptz > ${asked.rows[0]?.at ?? ''}::timestamptz`.execute(trx);
  if (newer.rows.length > 0) return false;
  await sql`insert into settings (key, value) values ('summaries', jsonb_build_object('began', clock_timestamp()))
    on conflict (key) do update set value = excluded.value, changed_at = now()`.execute(trx);
  // The title is that of any one finding, taken by its place in the table: valid within one statement, and no sort by score.
  await sql`create temporary table fresh on commit drop as with grouped as (
    select f.cluster, f.kind, f.rule, min(f.severity)::smallint severity, max(f.score)::real score, bool_or(f.kev) kev, max(f.epss)::real epss,
      count(distinct f.image_key)::int images, 0 containers, 0 exposed, count(*) filter (where f.answer = 'unknown')::int unanswered, count(*)::int findings, count(distinct f.image_key) filter (where f.fixed is not null)::int fixable,
      count(*) filter (where f.waived_by is not null)::int waived,
      (array_agg(distinct f.package_name) filter (where f.package_name is not null))[1:50] packages, min(f.first_seen) first_seen, min(f.ctid) sample
    from findings f group by 1, 2, 3)
    select g.*, f.body->'title' title from grouped g join findings f on f.ctid = g.sample`.execute(trx);
  await sql`update fresh set containers = used.n, exposed = used.exposed from (
      select f.cluster, f.kind, f.rule, sum(i.n)::int n, sum(i.exposed)::int exposed from (select distinct cluster, kind, rule, image_key from findings) f
      join (select image_key, count(*) n, count(*) filter (where exposed) exposed from containers where removed_at is null and state = 'running' group by 1) i on i.image_key = f.image_key group by 1, 2, 3
    ) used where used.cluster = fresh.cluster and used.kind = fresh.kind and used.rule = fresh.rule`.execute(trx);
  await sql`delete from rule_summaries`.execute(trx);
  await sql`insert into rule_summaries (cluster, kind, rule, severity, score, kev, epss, images, containers, exposed, unanswered, findings, fixable, waived, packages, title, first_seen, words)
    select s.cluster, s.kind, s.rule, s.severity, s.score, s.kev, s.epss, s.images, s.containers, s.exposed, s.unanswered, s.findings, s.fixable, s.waived, coalesce(s.packages, '{}'), s.title, s.first_seen,
      lower(concat_ws(' ', s.rule, s.title->>'en', s.title->>'zh-CN', array_to_string(s.packages, ' ')))
    from fresh s`.execute(trx);
  // The row of cluster '' is all clusters together: what most askers may see, ready to be read in order.
  await sql`insert into rule_summaries (cluster, kind, rule, severity, score, kev, epss, images, containers, exposed, unanswered, findings, fixable, waived, packages, title, first_seen, words)
    select '', s.kind, s.rule, min(s.severity), max(s.score), bool_or(s.kev), max(s.epss), sum(s.images), sum(s.containers), sum(s.exposed), sum(s.unanswered), sum(s.findings), sum(s.fixable), sum(s.waived),
      ${joinedPackages}, (array_agg(s.title order by s.score desc))[1], min(s.first_seen), string_agg(s.words, ' ')
    from rule_summaries s group by s.kind, s.rule`.execute(trx);
  return true;
}
