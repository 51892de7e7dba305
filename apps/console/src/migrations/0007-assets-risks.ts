/**
 * How containers run is judged when they are stored (`judged` is the version of the rules that did it); commands are
 * found by the container they are for; summaries know what is exposed and what could not be answered.
 */
export const text = `
alter table containers add column risks text[] not null default '{}', add column worst smallint not null default 9, add column judged int not null default 0;
create index containers_worst on containers (worst, name, key) where removed_at is null;
create index containers_judged on containers (judged);
create index commands_container on commands ((body->>'container'), created_at desc) where body ? 'container';
alter table rule_summaries add column exposed int not null default 0, add column unanswered int not null default 0;
create index gaps_seen on gaps (since desc, id);
create index agents_cluster on agents (cluster, node);
`;
