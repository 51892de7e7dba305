import { sql } from 'kysely';
import { rulePriorities } from '@palisade/model/detection';
import { deterministicId } from '@palisade/model/id';
import type { WafEvent } from '@palisade/model/waf-event';
import type { Sender } from '../ingest/kind.ts';
import type { Db } from '../postgres/database.ts';
import { alertOf } from './alert.ts';
import { oneLine } from './post.ts';
import { anyoneListens, queueAlert } from './queue.ts';

/** Blocked requests of one client to one site within this time are one alert. */
const groupSeconds = 60;
const mostRules = 20;

/** ModSecurity's words for its severities, as priorities. */
const priorities: Readonly<Record<string, number>> = { emergency: 0, alert: 1, critical: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 };

/** Counts a blocked request into the group that will be told of; nothing when no channel listens. */
export async function noteBlocked(trx: Db, event: WafEvent, { cluster, node }: Sender): Promise<void> {
  if (event.action !== 'blocked') return;
  const priority = Math.min(...event.matches.map(({ severity }) => priorities[severity.toLowerCase()] ?? 4), 4);
  if (!(await anyoneListens(trx, 'waf', priority, { cluster, namespace: null, project: null }))) return;
  const id = deterministicId('wgr', node, event.site, event.client);
  const rules = JSON.stringify(Object.fromEntries(event.matches.slice(0, mostRules).map(({ rule, msg }) => [String(rule), oneLine(msg, 200)])));
  await sql`insert into alert_web_groups as g (id, cluster, node, site, client, priority, count, rules, event, request, first_at, last_at, due_at)
    values (${id}, ${cluster}, ${node}, ${event.site}, ${event.client}, ${priority}, 1, ${rules}::jsonb, ${`${node}.${event.id}`}, ${oneLine(`${event.method} ${event.host}${event.path}`, 500)}, ${event.time}, ${event.time}, now() + make_interval(secs => ${groupSeconds}))
    on conflict (id) do update set count = g.count + 1, priority = least(g.priority, excluded.priority), rules = case when (select count(*) from jsonb_object_keys(g.rules)) < ${mostRules} then g.rules || excluded.rules else g.rules end,
      first_at = least(g.first_at, excluded.first_at), last_at = greatest(g.last_at, excluded.last_at)`.execute(trx);
}

type Group = { id: string; cluster: string; node: string; site: string; client: string; priority: number; count: number; rules: Record<string, string>; event: string; request: string; first: string; last: string; clusterName: string | null; nodeName: string | null };

/** Turns groups whose time has come into alerts; answers how many. */
export async function tellBlocked(db: Db): Promise<number> {
  return db.transaction().execute(async (trx) => {
    const due = await sql<Group>`delete from alert_web_groups g where g.id in (select id from alert_web_groups where due_at <= now() order by due_at limit 50 for update skip locked)
      returning g.id, g.cluster, g.node, g.site, g.client, g.priority, g.count, g.rules, g.event, g.request, g.first_at "first", g.last_at "last", (select c.name from clusters c where c.id = g.cluster) "clusterName", (select n.name from nodes n where n.id = g.node) "nodeName"`.execute(trx);
    for (const group of due.rows) {
      const site = group.site === '' ? group.request : group.site;
      const alert = alertOf({
        id: `waf ${group.id} ${group.first}`, at: group.last, source: 'waf', subject: group.event, priority: rulePriorities[group.priority] ?? 'Warning', count: group.count,
        title: { en: `${group.client} was refused by ${site}`, 'zh-CN': `${site} 拒绝了来自 ${group.client} 的请求` }, summary: `${group.request} · ${Object.values(group.rules).join('; ')}`,
        cluster: { id: group.cluster, name: group.clusterName ?? group.cluster }, node: { id: group.node, name: group.nodeName ?? group.node }, rules: Object.keys(group.rules), path: `/web-protection/events/${encodeURIComponent(group.event)}`,
      });
      await queueAlert(trx, { ...alert, source: 'waf' }, { cluster: group.cluster, namespace: null, project: null });
    }
    return due.rows.length;
  });
}
