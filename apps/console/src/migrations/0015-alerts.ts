/** Alerts out: where they go, what waits to go and went, and blocked web requests that are being grouped. Deliveries grow with time. */
export const text = `
create table alert_channels (
  id text primary key, name text not null unique, kind text not null, enabled boolean not null, language text not null, config jsonb not null, sealed text,
  sources text[] not null, min_priority smallint not null, cluster text not null, namespace text not null, project text not null, hourly int not null,
  failures int not null default 0, retry_at timestamptz, last_ok_at timestamptz, last_error text, last_error_at timestamptz,
  version int not null default 1, created_at timestamptz not null default now(), created_by text not null, updated_at timestamptz not null default now(), updated_by text not null
);

-- waiting: to be sent at next_at; sending: a replica has it until claimed_until; folded: counted in the message named by digest.
create table alert_deliveries (
  id text not null, at timestamptz not null default now(), channel text not null, source text not null, subject text not null, priority smallint not null,
  state text not null default 'waiting' check (state in ('waiting', 'sending', 'sent', 'failed', 'folded')), attempts int not null default 0, next_at timestamptz not null default now(),
  claimed_until timestamptz, sent_at timestamptz, error text, answer text, digest text, body jsonb not null, primary key (at, id)
) partition by range (at);
create table alert_deliveries_rest partition of alert_deliveries default;
create index alert_deliveries_channel on alert_deliveries (channel, at desc, id);
create index alert_deliveries_open on alert_deliveries (channel, next_at) where state in ('waiting', 'sending');
create index alert_deliveries_sent on alert_deliveries (channel, sent_at) where sent_at is not null;
create index alert_deliveries_digest on alert_deliveries (digest) where digest is not null;

create table alert_web_groups (
  id text primary key, cluster text not null, node text not null, site text not null, client text not null, priority smallint not null, count int not null, rules jsonb not null,
  event text not null, request text not null, first_at timestamptz not null, last_at timestamptz not null, due_at timestamptz not null
);
create index alert_web_groups_due on alert_web_groups (due_at);
`;
