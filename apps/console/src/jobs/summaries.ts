import { sql } from 'kysely';
import type { Db } from '../postgres/database.ts';

/**
 * Makes the per-cluster, per-rule summaries anew from the findings: always the truth, never a drifting counter.
 * Lists over a million findings read these rows. One replica at a time; another one's run counts as ours.
 */
export async function refreshSummaries(trx: Db): Promise<void> {
  await sql`set local statement_timeout = '120s'`.execute(trx);
  await sql`select pg_advisory_xact_lock(7443002)`.execute(trx);
  await sql`create temporary table fresh on commit drop as
    select f.cluster, f.kind, f.rule, min(f.severity)::smallint severity, max(f.score)::real score, bool_or(f.kev) kev, max(f.epss)::real epss,
      count(distinct f.image_key)::int images, 0 containers, count(*)::int findings, count(distinct f.image_key) filter (where f.fixed is not null)::int fixable,
      count(*) filter (where f.waived_by is not null)::int waived,
      (array_agg(distinct f.package_name) filter (where f.package_name is not null))[1:5] packages, min(f.first_seen) first_seen, (array_agg(f.image_key order by f.score desc))[1] sample, (array_agg(f.id order by f.score desc))[1] sample_id
    from findings f group by 1, 2, 3`.execute(trx);
  await sql`update fresh set containers = used.n from (
      select f.cluster, f.kind, f.rule, sum(i.running)::int n from (select distinct cluster, kind, rule, image_key from findings) f join images i on i.key = f.image_key and i.running > 0 group by 1, 2, 3
    ) used where used.cluster = fresh.cluster and used.kind = fresh.kind and used.rule = fresh.rule`.execute(trx);
  await sql`delete from rule_summaries`.execute(trx);
  await sql`insert into rule_summaries (cluster, kind, rule, severity, score, kev, epss, images, containers, findings, fixable, waived, packages, title, first_seen)
    select s.cluster, s.kind, s.rule, s.severity, s.score, s.kev, s.epss, s.images, s.containers, s.findings, s.fixable, s.waived, coalesce(s.packages, '{}'), f.body->'title', s.first_seen
    from fresh s join findings f on f.image_key = s.sample and f.id = s.sample_id`.execute(trx);
}
