import { sql } from 'kysely';
import { rulePriorities } from '@palisade/model/detection';
import { deterministicId } from '@palisade/model/id';
import type { Db } from '../postgres/database.ts';
import type { Alert, AlertSource } from './alert.ts';

/** Where something happened; empty text: nowhere narrower. */
export type AlertPlace = { readonly cluster: string; readonly namespace: string | null; readonly project: string | null };

const listening = (source: AlertSource, priority: number, { cluster, namespace, project }: AlertPlace) => sql`c.enabled and ${source} = any(c.sources) and ${priority}::int <= c.min_priority
  and c.cluster in ('', ${cluster}) and c.namespace in ('', ${namespace ?? ''}) and c.project in ('', ${project ?? ''})`;

/** Whether any channel wants to hear of this: then it is worth putting the alert together. */
export async function anyoneListens(db: Db, source: AlertSource, priority: number, place: AlertPlace): Promise<boolean> {
  const found = await sql`select 1 from alert_channels c where ${listening(source, priority, place)} limit 1`.execute(db);
  return found.rows.length > 0;
}

/** Puts an alert into the queue of every channel that wants it, in the transaction that stored what it tells of: neither without the other. */
export async function queueAlert(trx: Db, alert: Alert & { source: AlertSource }, place: AlertPlace): Promise<void> {
  const priority = rulePriorities.indexOf(alert.priority);
  await sql`insert into alert_deliveries (id, channel, source, subject, priority, body)
    select ${deterministicId('alr', alert.id)} || '.' || c.id, c.id, ${alert.source}, ${alert.subject}, ${priority}, ${JSON.stringify(alert)}::jsonb from alert_channels c where ${listening(alert.source, priority, place)}`.execute(trx);
}
