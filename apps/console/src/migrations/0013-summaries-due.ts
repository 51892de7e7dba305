/**
 * Which rules' summaries no longer hold. Noted by triggers, so that no way of changing findings or containers can
 * forget it, and seen exactly when the change itself is seen.
 */
export const text = `
create table summaries_due (cluster text not null, kind text, rule text, image_key text);

create function note_new_findings() returns trigger language plpgsql as $$ begin
  insert into summaries_due (cluster, kind, rule) select distinct cluster, kind, rule from fresh; return null; end $$;
create function note_gone_findings() returns trigger language plpgsql as $$ begin
  insert into summaries_due (cluster, kind, rule) select distinct cluster, kind, rule from gone; return null; end $$;
create function note_changed_findings() returns trigger language plpgsql as $$ begin
  insert into summaries_due (cluster, kind, rule) select cluster, kind, rule from fresh union select cluster, kind, rule from gone; return null; end $$;
create trigger findings_added after insert on findings referencing new table as fresh for each statement execute function note_new_findings();
create trigger findings_removed after delete on findings referencing old table as gone for each statement execute function note_gone_findings();
create trigger findings_changed after update on findings referencing old table as gone new table as fresh for each statement execute function note_changed_findings();

create function note_container() returns trigger language plpgsql as $$ begin
  if tg_op <> 'INSERT' and old.image_key is not null then insert into summaries_due (cluster, image_key) values (old.cluster, old.image_key); end if;
  if tg_op <> 'DELETE' and new.image_key is not null and (tg_op = 'INSERT' or new.image_key is distinct from old.image_key) then insert into summaries_due (cluster, image_key) values (new.cluster, new.image_key); end if;
  return null; end $$;
create trigger containers_came_or_went after insert or delete on containers for each row execute function note_container();
create trigger containers_changed after update on containers for each row
  when (old.state is distinct from new.state or old.removed_at is distinct from new.removed_at or old.image_key is distinct from new.image_key or old.exposed is distinct from new.exposed) execute function note_container();
`;
