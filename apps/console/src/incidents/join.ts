import { sql } from 'kysely';
import { judgeIncident, opensIncident } from '@palisade/incident/judge';
import type { Judged, Verdict } from '@palisade/incident/judge';
import type { Strand } from '@palisade/incident/story';
import { joinStrands, sameStory, storyGapMs, strandOf } from '@palisade/incident/story';
import type { Detection } from '@palisade/model/detection';
import { rulePriorities } from '@palisade/model/detection';
import { deterministicId } from '@palisade/model/id';
import type { Sender } from '../ingest/kind.ts';
import type { Db } from '../postgres/database.ts';

/** Most detections of one incident that its verdict is made from, worst first. */
const judged = 500;

/** `why`: what is new about the incident, when something is. */
export type Joined = { readonly id: string; readonly why: 'opened' | 'worse' | undefined } & Pick<Verdict, 'verdict' | 'priority' | 'title' | 'tactics'>;

/** Puts a new detection into the open incident it belongs to, or opens one. Undefined: it is no incident by itself. */
export async function joinIncident(db: Db, detection: Detection, sender: Sender): Promise<Joined | undefined> {
  const own = strandOf(detection);
  const open = await sql<{ id: string; strand: Strand; verdict: string | null }>`select id, body->'strand' strand, verdict from incidents where node = ${sender.node} and cluster = ${sender.cluster} and state <> 'closed'
    and last_at >= ${detection.at}::timestamptz - make_interval(secs => ${storyGapMs / 1000}) and at <= ${detection.lastAt}::timestamptz + make_interval(secs => ${storyGapMs / 1000}) order by last_at desc limit 200 for update`.execute(db);
  const stories = open.rows.filter((row) => sameStory(row.strand, own));
  const first = stories[0];
  if (first === undefined && !opensIncident(detection.priority)) return undefined;
  const id = first?.id ?? deterministicId('inc', sender.node, detection.id, detection.at);
  let strand = stories.reduce((joined, row) => joinStrands(joined, row.strand), own);
  if (first === undefined) {
    await sql`insert into incidents (id, cluster, node, container_key, namespace, project, at, last_at, priority, body)
      select id, cluster, node, container_key, namespace, project, at, last_at, priority, ${JSON.stringify(detection.containerName === undefined ? {} : { containerName: detection.containerName })}::jsonb from (select ${id} id, cluster, node, container_key, namespace, project, at, last_at, priority from detections where id = ${detection.id} and at = ${detection.at}) d
      on conflict (id) do nothing`.execute(db);
    strand = await gatherEarlier(db, id, strand, detection, sender);
  }
  // One detection can show that two stories were one: the younger's detections move over, and it is closed with a pointer.
  for (const other of stories.slice(1)) {
    await sql`update detections set incident = ${id} where incident = ${other.id}`.execute(db);
    await sql`update incidents set state = 'closed', detections = 0, body = body || ${JSON.stringify({ mergedInto: id })}::jsonb where id = ${other.id}`.execute(db);
  }
  await sql`update detections set incident = ${id} where id = ${detection.id} and at = ${detection.at}`.execute(db);
  const verdict = await judge(db, id, strand);
  const worse = first !== undefined && verdict.verdict === 'compromised' && stories.every((row) => row.verdict !== 'compromised');
  return { ...verdict, id, why: first === undefined ? 'opened' : worse ? 'worse' : undefined };
}

/** Lesser detections of the same story that came before it was known to be one. */
async function gatherEarlier(db: Db, id: string, strand: Strand, detection: Detection, sender: Sender): Promise<Strand> {
  const rows = await sql<{ id: string; at: string; body: Detection }>`select id, at, body from detections where node = ${sender.node} and cluster = ${sender.cluster} and incident is null and waived_by is null
    and at between ${detection.at}::timestamptz - make_interval(secs => ${storyGapMs / 1000}) and ${detection.lastAt}::timestamptz and id <> ${detection.id} order by at desc limit 200`.execute(db);
  let joined = strand;
  for (const row of rows.rows) {
    const other = strandOf(row.body);
    if (!sameStory(joined, other)) continue;
    joined = joinStrands(joined, other);
    await sql`update detections set incident = ${id} where id = ${row.id} and at = ${row.at}`.execute(db);
  }
  return joined;
}

async function judge(db: Db, id: string, strand: Strand): Promise<Verdict> {
  const rows = await sql<{ rule: string; priority: number; body: { tags: string[]; title: Judged['title'] } }>`select rule, priority, jsonb_build_object('tags', body->'tags', 'title', body->'title') body from detections where incident = ${id} order by priority, at limit ${judged}`.execute(db);
  const verdict = judgeIncident(rows.rows.map((row) => ({ rule: row.rule, priority: rulePriorities[row.priority] ?? 'Debug', tags: row.body.tags, title: row.body.title })));
  await sql`update incidents set verdict = ${verdict.verdict}, priority = ${rulePriorities.indexOf(verdict.priority)}, tactics = ${[...verdict.tactics]}, at = ${new Date(strand.at).toISOString()}, last_at = ${new Date(strand.lastAt).toISOString()},
    detections = (select count(*) from detections where incident = ${id}), body = body || ${JSON.stringify({ title: verdict.title, reasons: verdict.reasons, strand })}::jsonb where id = ${id}`.execute(db);
  return verdict;
}
