/** Agents: their certificates, what they sent, what they are asked to do. */
export const text = `
create table clusters (id text primary key, name text not null unique, kind text not null, created_at timestamptz not null default now());

create table authority (
  id int primary key default 1 check (id = 1), certificate text not null, sealed_key text not null, created_at timestamptz not null default now()
);

create table join_tokens (
  id text primary key, hash text not null unique, cluster text not null references clusters,
  created_by text not null, created_at timestamptz not null default now(), expires_at timestamptz not null,
  used_at timestamptz, used_by text
);

create table agents (
  id text primary key, cluster text not null references clusters, node text not null, name text not null, version text not null,
  created_at timestamptz not null default now(), seen_at timestamptz, revoked_at timestamptz, revoked_why text
);
create index agents_node on agents (node);

create table agent_certificates (
  serial text primary key, agent text not null references agents, not_before timestamptz not null, not_after timestamptz not null
);

create table item_ledger (
  id text not null, at timestamptz not null, kind text not null, agent text not null, received_at timestamptz not null default now(),
  primary key (at, id)
) partition by range (at);
create table item_ledger_rest partition of item_ledger default;

create table items_held (
  id text not null, at timestamptz not null, kind text not null, cluster text not null, node text not null, agent text not null,
  why text not null, body jsonb not null, primary key (at, id)
) partition by range (at);
create table items_held_rest partition of items_held default;

create table commands (
  id text primary key, cluster text not null, agent text not null references agents, node text not null, kind text not null, body jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'done', 'failed', 'expired')),
  created_at timestamptz not null default now(), created_by text not null, expires_at timestamptz,
  sent_at timestamptz, finished_at timestamptz, message text, result jsonb
);
create index commands_open on commands (agent, created_at) where state in ('waiting', 'sent');
create index commands_time on commands (created_at desc, id);

create table blobs (sha256 text primary key, size bigint not null, media text not null, created_at timestamptz not null default now());
create table blob_chunks (sha256 text not null references blobs on delete cascade, n int not null, bytes bytea not null, primary key (sha256, n));
alter table blob_chunks alter column bytes set storage external;
`;
