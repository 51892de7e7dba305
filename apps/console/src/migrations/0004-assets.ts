/** Nodes, containers and what was not looked at. */
export const text = `
create table nodes (
  id text primary key, cluster text not null references clusters, name text not null, body jsonb, at timestamptz,
  first_seen timestamptz not null default now(), seen_at timestamptz not null default now()
);

create table node_images (
  node text not null references nodes on delete cascade, image_id text not null, image_key text not null, names text[] not null, size bigint,
  primary key (node, image_id)
);
create index node_images_key on node_images (image_key);

create table containers (
  key text primary key, cluster text not null references clusters, node text not null, container_id text not null, name text not null,
  image_key text not null, image_name text not null, state text not null, namespace text, project text, workload text, engine text not null,
  privileged boolean not null, exposed boolean not null, body jsonb not null, at timestamptz not null,
  first_seen timestamptz not null default now(), removed_at timestamptz
);
create index containers_name on containers (name, key) where removed_at is null;
create index containers_image on containers (image_key) where removed_at is null;
create index containers_node on containers (node, container_id);
create index containers_scope on containers (cluster, namespace, project, image_key) where removed_at is null;

create table gaps (
  id text primary key, cluster text, node text, image_key text references images on delete cascade, source text not null, kind text not null,
  subject text not null, reason text not null, count bigint not null, remedy jsonb, since timestamptz not null, seen_at timestamptz not null, until timestamptz
);
create index gaps_open on gaps (since desc, id) where until is null;
create index gaps_source on gaps (node, source) where until is null;
create index gaps_image on gaps (image_key);
`;
