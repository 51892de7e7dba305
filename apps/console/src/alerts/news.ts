import { sql } from 'kysely';
import type { Detection } from '@palisade/model/detection';
import { rulePriorities } from '@palisade/model/detection';
import { tacticsOf } from '@palisade/model/tactic';
import type { Text } from '@palisade/model/text';
import type { Sender } from '../ingest/kind.ts';
import type { Db } from '../postgres/database.ts';
import { alertOf } from './alert.ts';
import type { Alert } from './alert.ts';
import { oneLine } from './post.ts';
import { anyoneListens, queueAlert } from './queue.ts';

type Where = Pick<Alert, 'cluster' | 'node' | 'namespace' | 'project' | 'container' | 'image'>;

/** Names for what a detection or incident is about. */
async function whereOf(db: Db, sender: Sender, detection: Detection): Promise<Where> {
  const found = await sql<{ cluster: string; node: string | null; namespace: string | null; project: string | null }>`select c.name cluster, (select n.name from nodes n where n.id = ${sender.node}) node, d.namespace, d.project
    from clusters c left join detections d on d.id = ${detection.id} and d.at = ${detection.at} where c.id = ${sender.cluster}`.execute(db);
  const { cluster = sender.cluster, node = null, namespace = null, project = null } = found.rows[0] ?? {};
  return { cluster: { id: sender.cluster, name: cluster }, node: { id: sender.node, name: node ?? sender.node }, namespace, project, container: detection.containerName ?? detection.container ?? null, image: detection.image ?? null };
}

async function placeOfDetection(db: Db, sender: Sender, detection: Detection): Promise<{ cluster: string; namespace: string | null; project: string | null }> {
  const found = await sql<{ namespace: string | null; project: string | null }>`select namespace, project from detections where id = ${detection.id} and at = ${detection.at}`.execute(db);
  return { cluster: sender.cluster, namespace: found.rows[0]?.namespace ?? null, project: found.rows[0]?.project ?? null };
}

/** Tells of a detection that was stored for the first time. */
export async function tellDetection(trx: Db, detection: Detection, sender: Sender): Promise<void> {
  const place = await placeOfDetection(trx, sender, detection);
  if (!(await anyoneListens(trx, 'detection', rulePriorities.indexOf(detection.priority), place))) return;
  const alert = alertOf({
    id: `detection ${sender.node} ${detection.id} ${detection.at}`, at: detection.at, source: 'detection', subject: detection.id, priority: detection.priority, title: detection.title, summary: oneLine(detection.output, 1000),
    ...(await whereOf(trx, sender, detection)), rules: [detection.rule], tactics: tacticsOf(detection.tags), count: Math.max(1, detection.count), path: `/detections/${encodeURIComponent(detection.id)}`,
  });
  await queueAlert(trx, { ...alert, source: 'detection' }, place);
}

/** Tells of an incident that was opened by this detection, or became worse by it. */
export async function tellIncident(trx: Db, incident: { id: string; why: 'opened' | 'worse'; verdict: string; priority: Alert['priority']; title: Text; tactics: readonly string[] }, detection: Detection, sender: Sender): Promise<void> {
  const place = await placeOfDetection(trx, sender, detection);
  if (!(await anyoneListens(trx, 'incident', rulePriorities.indexOf(incident.priority), place))) return;
  const alert = alertOf({
    id: `incident ${incident.id} ${incident.verdict}`, at: detection.at, source: 'incident', subject: incident.id, priority: incident.priority, title: incident.title, summary: `${incident.verdict}: ${oneLine(detection.output, 900)}`,
    ...(await whereOf(trx, sender, detection)), rules: [detection.rule], tactics: [...incident.tactics], path: `/incidents/${encodeURIComponent(incident.id)}`,
  });
  await queueAlert(trx, { ...alert, source: 'incident' }, place);
}
