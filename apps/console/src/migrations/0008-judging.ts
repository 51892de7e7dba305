/** Re-matching and re-judging of stored images, the life of documents, one-time links of users. */
export const text = `
alter table documents drop constraint documents_state_check;
alter table documents add constraint documents_state_check check (state in ('active', 'inactive', 'requested', 'rejected'));
-- The text as a person wrote it, comments and order included; null where only the parsed form came.
alter table documents add column source text;
alter table document_history add column source text, add column action text not null default 'saved', add column note text;

-- due: 0 nothing, 1 the verdict, 2 the match and the verdict. The old answer stands until the new one is committed.
alter table images add column due smallint not null default 0, add column matched_feed text, add column judged_at timestamptz, add column judge_problem text;
create index images_due on images (due desc, running desc, key) where due > 0;

-- A waiver may name a finding by any of its names.
alter table findings add column aliases text[] not null default '{}';
update findings set aliases = array(select jsonb_array_elements_text(body->'aliases')) where jsonb_typeof(body->'aliases') = 'array';
create index findings_aliases on findings using gin (aliases);
create index findings_waived on findings (waived_by, score desc) where waived_by is not null;

create table waiver_uses (
  waiver text not null references documents on delete cascade, image_key text not null references images on delete cascade, findings int not null,
  primary key (waiver, image_key)
);
create index waiver_uses_image on waiver_uses (image_key);

create table user_links (
  hash text primary key, user_id text not null unique references users on delete cascade,
  created_by text not null, created_at timestamptz not null default now(), expires_at timestamptz not null
);

alter table tasks add column cancelled boolean not null default false;
create index tasks_open on tasks (created_at) where finished_at is null;
-- A trigger on statements does not reach partitions by itself; later ones get theirs when they are made.
create trigger audit_rest_no_truncate before truncate on audit_rest for each statement execute function refuse_change();
create index audit_order on audit (at desc, id desc);
`;
