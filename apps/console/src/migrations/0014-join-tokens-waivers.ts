/** A join token may serve many nodes (a DaemonSet has one); a waived finding names the waiver's id, which cannot repeat between scopes as its name can. */
export const text = `
alter table join_tokens add column max_uses int not null default 1, add column uses int not null default 0, add column revoked_at timestamptz;
update join_tokens set uses = 1 where used_at is not null;
update findings f set waived_by = (select d.id from documents d where d.kind = 'Waiver' and d.name = f.waived_by and (d.cluster = '' or d.cluster = f.cluster) order by d.cluster desc, d.id limit 1)
  where waived_by is not null and exists (select 1 from documents d where d.kind = 'Waiver' and d.name = f.waived_by and (d.cluster = '' or d.cluster = f.cluster));
-- Where two of a name apply, the next judgement says which it is.
update images set due = greatest(due, 1) where status is not null and key in (select image_key from findings where waived_by is not null);
`;
