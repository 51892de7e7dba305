import { sql } from 'kysely';
import { itemBodies } from '@palisade/model/wire';
import { noteBlocked } from '../alerts/web-groups.ts';
import { announce } from '../live.ts';
import { ingestKind } from './kind.ts';

export const wafEvent = ingestKind({
  kind: 'waf-event',
  schema: itemBodies['waf-event'],
  async store(db, event, _, sender) {
    const { cluster, node } = sender;
    const stored = await sql`insert into waf_events (id, at, cluster, node, site, client, method, host, path, mode, action, status, score, body)
      values (${`${node}.${event.id}`}, ${event.time}, ${cluster}, ${node}, ${event.site}, ${event.client}, ${event.method}, ${event.host}, ${event.path}, ${event.mode}, ${event.action}, ${event.status}, ${Math.round(event.scores.total)}, ${JSON.stringify(event)}::jsonb)
      on conflict do nothing returning 1`.execute(db);
    if (stored.rows.length > 0) await noteBlocked(db, event, sender);
    await announce(db, 'waf', cluster, event.site);
  },
});
