import { sql } from 'kysely';
import { rulePriorities } from '@palisade/model/detection';
import { tacticsOf } from '@palisade/model/tactic';
import { itemBodies } from '@palisade/model/wire';
import { tellDetection, tellIncident } from '../alerts/news.ts';
import { joinIncident } from '../incidents/join.ts';
import { announce } from '../live.ts';
import { containerKey } from './image-key.ts';
import { ingestKind } from './kind.ts';

/**
 * A detection told for the first time is a row; told again it adds its count. An agent that started anew within the
 * window gives the same thing the same id at another time: it is still that row.
 */
export const detection = ingestKind({
  kind: 'detection',
  schema: itemBodies.detection,
  async store(db, body, _at, sender) {
    const key = body.container === undefined ? null : containerKey(sender.cluster, body.container);
    const { count, ...told } = body;
    const stored = JSON.stringify(told);
    const known = await sql<{ incident: string | null }>`update detections set count = count + ${count}, last_at = greatest(last_at, ${body.lastAt}), action = ${body.action}, body = detections.body || (${stored}::jsonb - 'at')
      where id = ${body.id} and node = ${sender.node} and at between ${body.at}::timestamptz - interval '1 hour' and ${body.at}::timestamptz + interval '1 hour' returning incident`.execute(db);
    if (known.rows.length > 0) {
      const incident = known.rows[0]?.incident ?? null;
      if (incident !== null && count > 0) await sql`update incidents set last_at = greatest(last_at, ${body.lastAt}) where id = ${incident}`.execute(db);
      return;
    }
    await sql`insert into detections (id, at, cluster, node, container_key, namespace, project, rule, priority, count, last_at, action, tactics, waived_by, body)
      select ${body.id}, ${body.at}, ${sender.cluster}, ${sender.node}, ${key}, coalesce(c.namespace, ${body.namespace ?? null}), coalesce(c.project, ${body.project ?? null}), ${body.rule}, ${rulePriorities.indexOf(body.priority)}, ${Math.max(1, count)}, ${body.lastAt}, ${body.action}, ${tacticsOf(body.tags)}, ${body.waivedBy ?? null}, ${stored}::jsonb
      from (select 1) one left join containers c on c.key = ${key}`.execute(db);
    // Counted and shown as waived, but nobody's incident.
    if (body.waivedBy !== undefined) return;
    await tellDetection(db, body, sender);
    const incident = await joinIncident(db, body, sender);
    if (incident === undefined) return;
    await announce(db, 'incidents', sender.cluster, incident.id);
    if (incident.why !== undefined) await tellIncident(db, { ...incident, why: incident.why }, body, sender);
  },
});
