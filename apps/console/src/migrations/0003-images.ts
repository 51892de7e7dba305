/** Images, packages, findings. An image belongs to a cluster: one cluster's agent cannot speak for another's. */
export const text = `
create table images (
  key text primary key, cluster text not null references clusters, image_id text not null, kind text not null default 'image',
  names text[] not null default '{}', name text not null default '', platform text, image jsonb, size bigint not null default 0,
  status text, content text, gaps int not null default 0, looked_at jsonb, reason text,
  feed jsonb, scan_sha256 text, scan_at timestamptz, matched_at timestamptz, verdict jsonb, verdict_result text not null default 'none',
  packages int not null default 0, findings int not null default 0,
  critical int not null default 0, high int not null default 0, medium int not null default 0, low int not null default 0, unknown int not null default 0,
  fixable int not null default 0, top_score real not null default 0, running int not null default 0, present boolean not null default true,
  first_seen timestamptz not null default now(), node text,
  unique (cluster, image_id)
);
create index images_score on images (top_score desc, key);
create index images_name on images (name, key);
create index images_seen on images (first_seen desc, key);

create table image_packages (
  image_key text not null references images on delete cascade, n int not null, purl text not null, name text not null, version text not null,
  ecosystem text not null, layer text, owned_by text, removed text, body jsonb not null, primary key (image_key, n)
);
create index image_packages_name on image_packages (name text_pattern_ops, image_key);

create table findings (
  image_key text not null references images on delete cascade, id text not null, cluster text not null, kind text not null, rule text not null,
  severity smallint not null, score real not null, answer text not null, package text, package_name text, fixed text, fix_state text,
  layer text, path text, kev boolean not null default false, epss real, waived_by text, first_seen timestamptz not null default now(), body jsonb not null,
  primary key (image_key, id)
);
create index findings_score on findings (score desc, image_key, id);
create index findings_severity on findings (severity, score desc, image_key, id);
create index findings_kind on findings (kind, score desc, image_key, id);
create index findings_rule on findings (rule text_pattern_ops, image_key);
create index findings_package on findings (package_name text_pattern_ops, image_key);
create index findings_image on findings (image_key, score desc, id);

create table rule_summaries (
  cluster text not null, kind text not null, rule text not null, severity smallint not null, score real not null, kev boolean not null, epss real,
  images int not null, containers int not null, findings int not null, fixable int not null, waived int not null, packages text[] not null, title jsonb not null,
  first_seen timestamptz not null, primary key (cluster, kind, rule)
);
create index rule_summaries_score on rule_summaries (kind, score desc, rule);
`;
