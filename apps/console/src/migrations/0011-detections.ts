/** Detections are told again with higher counts, filtered by tactic, and found from their incident. */
export const text = `
alter table detections add column tactics text[] not null default '{}', add column waived_by text;
create index detections_id on detections (id);
create index detections_incident on detections (incident, at desc) where incident is not null;
create index incidents_node on incidents (node, last_at desc) where state <> 'closed';
alter table incidents add column tactics text[] not null default '{}';
`;
