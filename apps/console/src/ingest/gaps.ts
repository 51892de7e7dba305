import { sql } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import { itemBodies } from '@palisade/model/wire';
import { ingestKind } from './kind.ts';

export const gaps = ingestKind({
  kind: 'gaps',
  schema: itemBodies.gaps,
  async store(db, body, at, { cluster, node }) {
    const rows = JSON.stringify(body.gaps.map((gap) => ({ ...gap, since: gap.since ?? at, until: gap.until ?? null, id: deterministicId('gap', node, body.source, gap.kind, gap.subject, gap.reason) })));
    await sql`update gaps set until = ${at} where node = ${node} and source = ${body.source} and until is null and image_key is null and seen_at <= ${at}
      and id not in (select id from jsonb_to_recordset(${rows}::jsonb) as g(id text))`.execute(db);
    await sql`insert into gaps (id, cluster, node, source, kind, subject, reason, count, remedy, since, seen_at, until)
      select distinct on (id) id, ${cluster}, ${node}, ${body.source}, kind, subject, reason, count, remedy, since, ${at}, until
      from jsonb_to_recordset(${rows}::jsonb) as g(id text, kind text, subject text, reason text, count bigint, remedy jsonb, since timestamptz, until timestamptz)
      on conflict (id) do update set count = excluded.count, remedy = excluded.remedy, seen_at = excluded.seen_at, until = excluded.until,
        since = case when gaps.until is null then gaps.since else excluded.since end
      where gaps.seen_at <= excluded.seen_at`.execute(db);
  },
});
