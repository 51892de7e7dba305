/**
 * Searching and narrowing what grows. Text that is searched in the middle is found by its trigrams (the extension pg_trgm,
 * part of every Postgres distribution and trusted: no superuser is needed), what lists are narrowed by has an index that
 * reads the newest first. The expressions are those of `searched` in routes/detections.ts and routes/waf.ts. Nothing that
 * changes when a detection is told again is in an index.
 */
export const text = `
create extension if not exists pg_trgm;

create index detections_words on detections using gin
  (lower(rule || chr(10) || coalesce(left(body->>'output', 4000), '') || chr(10) || coalesce(left(body->'title'->>'zh-CN', 1000), '')) gin_trgm_ops);
create index detections_tactics on detections using gin (tactics);
create index detections_rule on detections (rule, at desc);
create index detections_node on detections (node, at desc);
create index detections_priority on detections (priority, at desc, id desc);
create index detections_state on detections (state, at desc) where state <> 'open';
create index detections_namespace on detections (namespace, at desc) where namespace is not null;
create index detections_project on detections (project, at desc) where project is not null;

alter table waf_events add column took_us int generated always as (least(greatest((body->>'took_us')::float8, 0), 2e9)::int) stored;
create index waf_events_words on waf_events using gin
  (lower(coalesce(left(path, 4000), '') || chr(10) || coalesce(client, '') || chr(10) || coalesce(left(host, 1000), '') || chr(10) || id) gin_trgm_ops);
create index waf_events_rules on waf_events using gin (jsonb_path_query_array(body, '$.matches[*].rule') jsonb_path_ops);
create index waf_events_client on waf_events (client, at desc);
create index waf_events_action on waf_events (action, at desc);
create index waf_events_sites on waf_events (at, cluster, site, action, client, took_us);

-- All that lists of rules are sorted, narrowed and counted by, a tenth as wide as the rows: those are read for one page only.
create index rule_summaries_narrow on rule_summaries (cluster, score desc, kind, rule, severity, kev, epss, images, containers, exposed, findings, fixable, waived, first_seen);
create index rule_summaries_words on rule_summaries using gin (words gin_trgm_ops) where cluster = '';
create index rule_summaries_packages on rule_summaries using gin (packages) where cluster = '';
drop index rule_summaries_all, rule_summaries_score;

analyze detections;
analyze waf_events;
analyze rule_summaries;
`;
