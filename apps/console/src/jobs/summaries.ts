import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Db } from '../postgres/database.ts';
import { joinedPackages } from '../routes/rule-summaries.ts';

/** Raised when a summary is computed otherwise than before: then all of them are made anew once. */
const form = 2;

/** From this share of all rules on, one pass over every finding costs less than finding those of each rule. */
const wholeFrom = 0.25;

/** `rules`: how many per-cluster summaries were looked at; `whole`: all of them, in one pass. */
export type Refreshed = { readonly rules: number; readonly whole: boolean };

/**
 * Brings the per-cluster, per-rule summaries in line with the findings: those that changes have noted in
 * `summaries_due`, or all of them when that is asked for, cheaper, or never was done in this form. Each is computed from its findings, so
 * it is the truth, never a drifting counter; lists over a million findings read these rows. One replica at a time.
 */
export async function refreshSummaries(trx: Db, options: { whole?: boolean } = {}): Promise<Refreshed> {
  await sql`set local statement_timeout = '900s'`.execute(trx);
  await sql`set local lock_timeout = '900s'`.execute(trx);
  // A million findings grouped in memory rather than on disk.
  await sql`set local work_mem = '256MB'`.execute(trx);
  await sql`select pg_advisory_xact_lock(7443002)`.execute(trx);
  // Whatever commits later than this statement looks, notes its rules later too, and they are left for the next run.
  await sql`drop table if exists touched`.execute(trx);
  await sql`create temporary table touched (cluster text, kind text, rule text) on commit drop`.execute(trx);
  await sql`with gone as (delete from summaries_due returning cluster, kind, rule, image_key)
    insert into touched select cluster, kind, rule from gone where image_key is null
    union select f.cluster, f.kind, f.rule from (select distinct image_key from gone where image_key is not null) g join findings f on f.image_key = g.image_key`.execute(trx);
  const known = await sql<{ touched: number; value: { form?: number; rules?: number } | null }>`select (select count(*)::int from touched) touched, (select value from settings where key = 'summaries') value`.execute(trx);
  const { touched = 0, value } = known.rows[0] ?? {};
  const whole = options.whole === true || value?.form !== form || touched > (value.rules ?? 0) * wholeFrom;
  if (!whole && touched === 0) return { rules: 0, whole };
  if (whole) {
    await sql`delete from rule_summaries`.execute(trx);
    const rules = await summarise(trx, sql`findings f`, sql`true`);
    await sql`insert into settings (key, value) values ('summaries', jsonb_build_object('form', ${form}::int, 'rules', ${rules}::int))
      on conflict (key) do update set value = excluded.value, changed_at = now()`.execute(trx);
    return { rules, whole };
  }
  await sql`analyze touched`.execute(trx);
  await sql`delete from rule_summaries s using touched t where s.rule = t.rule and s.kind = t.kind and s.cluster in (t.cluster, '')`.execute(trx);
  await summarise(trx, sql`touched t join findings f on f.rule = t.rule and f.kind = t.kind and f.cluster = t.cluster`, sql`(s.kind, s.rule) in (select kind, rule from touched)`);
  return { rules: touched, whole };
}

/**
 * Writes the summaries of the rules in `findings` (rows of findings as `f`), and those of all clusters together (cluster
 * '') of the rules that `concerned` names. Findings are read once; grouped by image first, there is no distinct count and so no sort.
 */
async function summarise(trx: Db, findings: RawBuilder<unknown>, concerned: RawBuilder<unknown>): Promise<number> {
  // The title is that of any one finding, taken by its place in the table: valid within one statement, and no sort by score.
  const made = await sql`insert into rule_summaries (cluster, kind, rule, severity, score, kev, epss, images, containers, exposed, unanswered, findings, fixable, waived, packages, title, first_seen, words)
    with used as (select image_key, count(*)::int n, count(*) filter (where exposed)::int exposed from containers where removed_at is null and state = 'running' group by 1),
    own as materialized (select f.cluster, f.kind, f.rule, f.image_key, f.severity, f.score, f.kev, f.epss, f.answer = 'unknown' unanswered, f.fixed is not null fixable, f.waived_by is not null waived, f.first_seen, f.package_name, f.ctid place from ${findings}),
    by_image as (select cluster, kind, rule, image_key, min(severity) severity, max(score) score, bool_or(kev) kev, max(epss) epss, count(*) filter (where unanswered) unanswered, count(*) findings, bool_or(fixable) fixable, count(*) filter (where waived) waived,
        min(first_seen) first_seen, min(place) sample from own group by 1, 2, 3, 4),
    grouped as (select i.cluster, i.kind, i.rule, min(i.severity)::smallint severity, max(i.score)::real score, bool_or(i.kev) kev, max(i.epss)::real epss, count(*)::int images, coalesce(sum(used.n), 0)::int containers, coalesce(sum(used.exposed), 0)::int exposed,
        sum(i.unanswered)::int unanswered, sum(i.findings)::int findings, count(*) filter (where i.fixable)::int fixable, sum(i.waived)::int waived, min(i.first_seen) first_seen, min(i.sample) sample
      from by_image i left join used on used.image_key = i.image_key group by 1, 2, 3),
    named as (select p.cluster, p.kind, p.rule, array_agg(p.package_name) packages from (select cluster, kind, rule, package_name from own where package_name is not null group by 1, 2, 3, 4) p group by 1, 2, 3),
    shown as (select g.*, array(select one from unnest(n.packages[1:50]) one order by one) packages, f.body->'title' title
      from grouped g left join named n on n.cluster = g.cluster and n.kind = g.kind and n.rule = g.rule join findings f on f.ctid = g.sample)
    select s.cluster, s.kind, s.rule, s.severity, s.score, s.kev, s.epss, s.images, s.containers, s.exposed, s.unanswered, s.findings, s.fixable, s.waived, s.packages, s.title, s.first_seen,
      lower(concat_ws(' ', s.rule, s.title->>'en', s.title->>'zh-CN', array_to_string(s.packages, ' ')))
    from shown s`.execute(trx);
  // The row of cluster '' is all clusters together: what most askers may see, ready to be read in order.
  await sql`insert into rule_summaries (cluster, kind, rule, severity, score, kev, epss, images, containers, exposed, unanswered, findings, fixable, waived, packages, title, first_seen, words)
    select '', s.kind, s.rule, min(s.severity), max(s.score), bool_or(s.kev), max(s.epss), sum(s.images), sum(s.containers), sum(s.exposed), sum(s.unanswered), sum(s.findings), sum(s.fixable), sum(s.waived),
      ${joinedPackages}, (array_agg(s.title order by s.score desc))[1], min(s.first_seen), string_agg(s.words, ' ')
    from rule_summaries s where s.cluster <> '' and ${concerned} group by s.kind, s.rule`.execute(trx);
  return Number(made.numAffectedRows ?? 0n);
}
