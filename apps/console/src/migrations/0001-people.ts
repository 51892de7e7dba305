/** Who may do what, and what was done. The audit trail refuses change; retention drops its day partitions whole. */
export const text = `
create table settings (key text primary key, value jsonb not null, changed_at timestamptz not null default now());

create table users (
  id text primary key, name text not null, password text not null, disabled boolean not null default false,
  created_at timestamptz not null default now(), created_by text
);
create unique index users_name on users (lower(name));

create table grants (
  user_id text not null references users on delete cascade, role text not null,
  cluster text not null default '', namespace text not null default '', project text not null default '',
  primary key (user_id, role, cluster, namespace, project)
);

create table sessions (
  hash text primary key, user_id text not null references users on delete cascade, csrf text not null,
  created_at timestamptz not null default now(), expires_at timestamptz not null, seen_at timestamptz not null default now()
);
create index sessions_expiry on sessions (expires_at);

create table api_tokens (
  id text primary key, name text not null, hash text not null unique, role text not null,
  cluster text not null default '', namespace text not null default '', project text not null default '',
  created_by text not null, created_at timestamptz not null default now(), expires_at timestamptz not null,
  used_at timestamptz, revoked_at timestamptz
);

create table login_failures (key text not null, at timestamptz not null default now());
create index login_failures_key on login_failures (key, at);

create table audit (
  id bigint generated always as identity, at timestamptz not null default now(), actor text not null, action text not null,
  subject text not null, cluster text, detail jsonb not null default '{}', address text,
  primary key (at, id)
) partition by range (at);
create table audit_rest partition of audit default;

create function refuse_change() returns trigger language plpgsql as $$
begin raise exception 'the audit trail is append-only'; end $$;
create trigger audit_append_only before update or delete on audit for each row execute function refuse_change();
create trigger audit_no_truncate before truncate on audit for each statement execute function refuse_change();

create table changes (
  seq bigint generated always as identity, xid xid8 not null default pg_current_xact_id(), at timestamptz not null default now(),
  topic text not null, cluster text, subject text,
  primary key (at, seq)
) partition by range (at);
create table changes_rest partition of changes default;
create index changes_order on changes (xid, seq);
`;
