/** What happens while containers run: detections, incidents, web events. Grows with time, so partitioned by day. */
export const text = `
create table detections (
  id text not null, at timestamptz not null, cluster text not null, node text not null, container_key text, namespace text, project text,
  rule text not null, priority smallint not null, count bigint not null default 1, last_at timestamptz not null, action text not null default 'alerted',
  incident text, state text not null default 'open', body jsonb not null, primary key (at, id)
) partition by range (at);
create table detections_rest partition of detections default;
create index detections_time on detections (at desc, id desc);
create index detections_container on detections (container_key, at desc);

create table waf_events (
  id text not null, at timestamptz not null, cluster text not null, node text not null, site text not null, client text, method text, host text, path text,
  mode text, action text not null, status int, score int not null default 0, body jsonb not null, primary key (at, id)
) partition by range (at);
create table waf_events_rest partition of waf_events default;
create index waf_events_time on waf_events (at desc, id desc);
create index waf_events_site on waf_events (site, at desc);

create table incidents (
  id text primary key, cluster text not null, node text not null, container_key text, namespace text, project text, at timestamptz not null, last_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'investigating', 'closed')), owner text, verdict text, priority smallint not null, detections int not null default 0, body jsonb not null
);
create index incidents_time on incidents (last_at desc, id);
`;
