/** What users declare (policies, waivers, ...) in the one document form, and the vulnerability feeds. */
export const text = `
create table documents (
  id text primary key, kind text not null, name text not null, cluster text not null default '', namespace text not null default '', project text not null default '',
  owner text not null, labels jsonb not null default '{}', document jsonb not null, version int not null default 1,
  state text not null default 'active' check (state in ('active', 'requested', 'rejected')),
  created_at timestamptz not null default now(), created_by text not null, updated_at timestamptz not null default now(), updated_by text not null,
  decided_by text, decided_at timestamptz, decision_note text,
  unique (kind, name, cluster, namespace, project)
);
create index documents_kind on documents (kind, name, id);

create table document_history (
  id text not null, version int not null, document jsonb, changed_at timestamptz not null default now(), changed_by text not null, primary key (id, version)
);

create table feeds (
  sha256 text primary key references blobs, feed_id text not null, built_at timestamptz not null, info jsonb not null,
  imported_at timestamptz not null default now(), imported_by text not null, active boolean not null default false
);
create unique index feeds_active on feeds (active) where active;

create table tasks (
  id text primary key, kind text not null, subject text not null default '', state text not null default 'waiting', done bigint not null default 0, total bigint,
  step jsonb, error text, started_by text not null, created_at timestamptz not null default now(), updated_at timestamptz not null default now(), finished_at timestamptz
);
create index tasks_time on tasks (created_at desc, id);
`;
