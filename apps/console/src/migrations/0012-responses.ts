/** What agents did about detections, what they collected, and which policy they hold. */
export const text = `
create table responses (
  id text not null, at timestamptz not null, last_at timestamptz not null, count bigint not null default 1, cluster text not null, node text not null, container_key text, namespace text, project text,
  action text not null, result text not null, policy text, policy_rule text, detection text, command text, undone_at timestamptz, undone_by text, body jsonb not null, primary key (at, id)
) partition by range (at);
create table responses_rest partition of responses default;
create index responses_time on responses (at desc, id desc);
create index responses_id on responses (id);
create index responses_detection on responses (detection) where detection is not null;
create index responses_command on responses (command) where command is not null;
create index responses_container on responses (container_key, at desc) where container_key is not null;

create table evidence_parts (evidence text not null, file text not null, n int not null, node text not null, at timestamptz not null default now(), bytes bytea not null, primary key (evidence, file, n));
alter table evidence_parts alter column bytes set storage external;

create table evidence (
  seq bigint primary key, id text not null unique, at timestamptz not null, received_at timestamptz not null, cluster text not null, node text not null, container_key text, namespace text, project text,
  detection text, entry text not null, previous text not null, hash text not null, faults jsonb not null default '[]', removed_at timestamptz, removed_why text
);
create index evidence_time on evidence (received_at desc, id desc);
create index evidence_detection on evidence (detection) where detection is not null;

create index detections_waived on detections (waived_by, at desc) where waived_by is not null;

alter table agents add column policy text, add column policy_at timestamptz;
`;
