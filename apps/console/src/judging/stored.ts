import { sql } from 'kysely';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { deterministicId } from '@palisade/model/id';
import type { Image } from '@palisade/model/image';
import type { Package } from '@palisade/model/package';
import type { FeedSummary, ScanResult } from '@palisade/model/scan-result';
import { countFindings, replaceFindings } from '../ingest/findings.ts';
import type { Db } from '../postgres/database.ts';
import { due } from './due.ts';
import { feedGapKinds } from './question.ts';
import type { Judged, Question, RunsAt } from './question.ts';

/** An image's row as judging needs it. `cluster` is the id, `clusterName` what documents call it. */
export type StoredImage = {
  readonly key: string;
  readonly cluster: string;
  readonly clusterName: string;
  readonly kind: 'image' | 'host';
  readonly name: string;
  readonly names: string[];
  readonly image: Image | null;
  readonly status: ScanResult['status'];
  readonly content: ScanResult['content'];
  readonly feed: FeedSummary | null;
  readonly due: number;
};

export const storedImageColumns = sql`i.key, i.cluster, c.name "clusterName", i.kind, i.name, i.names, i.image, i.status, i.content, i.feed, i.due`;

/** Most places that are looked at of one image; beyond, they differ in nothing a policy is likely to say. */
const maxPlaces = 500;

/** Everything stored about an image that its judgement rests on. */
export async function questionOf(db: Db, image: StoredImage, match: boolean, now: string): Promise<Omit<Question, 'setup'>> {
  const [packages, findings, gaps, containers] = await Promise.all([
    sql<{ body: Package }>`select body from image_packages where image_key = ${image.key} order by n`.execute(db),
    sql<{ body: Finding }>`select body from findings where image_key = ${image.key} order by id`.execute(db),
    sql<Gap & { remedy: Gap['remedy'] | null }>`select kind, subject, reason, count, remedy from gaps where image_key = ${image.key}`.execute(db),
    sql<{ namespace: string; project: string; workload: string; running: number; privileged: boolean; ports: { protocol: string; hostPort?: number }[][] }>`
      select coalesce(namespace, '') namespace, coalesce(project, '') project, coalesce(workload, '') workload, count(*) filter (where state = 'running')::int running,
        bool_or(privileged and state = 'running') privileged, coalesce(jsonb_agg(body->'ports') filter (where exposed and state = 'running'), '[]') ports
      from containers where image_key = ${image.key} and removed_at is null group by 1, 2, 3 order by 1, 2, 3 limit ${maxPlaces}`.execute(db),
  ]);
  const exposed = new Set(containers.rows.flatMap((row) => row.ports.flat()).flatMap((port) => (port?.hostPort === undefined ? [] : [`${port.protocol}/${port.hostPort}`])));
  const places: RunsAt[] = containers.rows.map(({ namespace, project, workload }) => ({ cluster: image.clusterName, namespace, project, workload }));
  return {
    match,
    // Where nothing runs it, it is in its cluster and in no project: a project's waiver does not reach it.
    places: places.length === 0 ? [{ cluster: image.clusterName, namespace: '', project: '', workload: '' }] : places,
    running: { running: containers.rows.reduce((sum, row) => sum + row.running, 0), exposed: [...exposed].sort(), privileged: containers.rows.some((row) => row.privileged) },
    now,
    scan: {
      schema: 'palisade.scan/1',
      target: { kind: image.kind === 'host' ? 'dir' : 'docker', ref: image.name },
      status: image.status,
      content: image.content,
      gaps: gaps.rows.map(({ kind, subject, reason, count, remedy }) => ({ kind, subject, reason, count, ...(remedy === null || remedy === undefined ? {} : { remedy }) })),
      feed: image.feed,
      image: image.image === null ? null : { ...image.image, names: image.names },
      packages: packages.rows.map((row) => row.body),
      findings: findings.rows.map((row) => row.body),
      verdict: { result: 'none', reasons: [], waived: [] },
    },
  };
}

/** Puts a judgement in the old one's place, in the caller's transaction. */
export async function storeJudgement(trx: Db, image: StoredImage, judged: Judged, feed: string | null, now: string): Promise<void> {
  const { key, cluster } = image;
  await replaceFindings(trx, { key, cluster }, judged.findings);
  const waived = JSON.stringify(judged.waived);
  await sql`update findings f set waived_by = d.id from jsonb_each_text(${waived}::jsonb) as w(finding, waiver) join documents d on d.id = w.waiver
    where f.image_key = ${key} and f.id = w.finding and f.waived_by is distinct from d.id`.execute(trx);
  await sql`update findings set waived_by = null where image_key = ${key} and waived_by is not null and not (${waived}::jsonb ? id)`.execute(trx);
  await sql`delete from waiver_uses where image_key = ${key}`.execute(trx);
  await sql`insert into waiver_uses (waiver, image_key, findings) select u.waiver, ${key}, u.n::int from jsonb_each_text(${JSON.stringify(judged.uses)}::jsonb) as u(waiver, n) join documents d on d.id = u.waiver`.execute(trx);
  if (judged.gaps !== undefined) {
    await sql`delete from gaps where image_key = ${key} and kind = any(${[...feedGapKinds]}::text[])`.execute(trx);
    const gaps = JSON.stringify(judged.gaps.map((gap) => ({ ...gap, id: deterministicId('gap', key, gap.kind, gap.subject, gap.reason) })));
    await sql`insert into gaps (id, cluster, node, image_key, source, kind, subject, reason, count, remedy, since, seen_at)
      select distinct on (id) id, ${cluster}, (select node from images where key = ${key}), ${key}, 'scan', kind, subject, reason, count, remedy, ${now}::timestamptz, ${now}::timestamptz
      from jsonb_to_recordset(${gaps}::jsonb) as g(id text, kind text, subject text, reason text, count bigint, remedy jsonb) on conflict (id) do nothing`.execute(trx);
  }
  await countFindings(trx, key);
  await sql`update images set due = ${due.nothing}, judge_problem = null, judged_at = now(), verdict = ${JSON.stringify(judged.verdict)}::jsonb, verdict_result = ${judged.verdict.result},
    gaps = (select count(*) from gaps where image_key = ${key}),
    feed = ${judged.feed === null ? null : JSON.stringify(judged.feed)}::jsonb ${judged.gaps === undefined ? sql`` : sql`, matched_at = now(), matched_feed = ${feed}`} where key = ${key}`.execute(trx);
}

/** Judging failed: the old answer stays, and that it is old is a gap that says why. */
export async function storeProblem(trx: Db, image: StoredImage, problem: string): Promise<void> {
  await sql`update images set due = ${due.nothing}, judge_problem = ${problem} where key = ${image.key}`.execute(trx);
  await sql`delete from gaps where image_key = ${image.key} and kind = 'judging-failed'`.execute(trx);
  await sql`insert into gaps (id, cluster, image_key, source, kind, subject, reason, count, since, seen_at, remedy)
    values (${deterministicId('gap', image.key, 'judging-failed')}, ${image.cluster}, ${image.key}, 'judging', 'judging-failed', ${image.name}, ${problem.slice(0, 500)}, 1, now(), now(),
      ${JSON.stringify({ en: 'The answer shown is the one before. Activate the feed again, or correct the policy named.', 'zh-CN': '当前显示的是之前的结果。请重新启用漏洞库，或修正所指出的策略。' })}::jsonb)`.execute(trx);
  await sql`update images set gaps = (select count(*) from gaps where image_key = ${image.key}) where key = ${image.key}`.execute(trx);
}
