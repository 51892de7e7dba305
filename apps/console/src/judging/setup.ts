import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Scope } from '@palisade/model/scope';
import { activeDocuments } from '../documents/store.ts';
import type { StoredDocument } from '../documents/store.ts';
import type { Db } from '../postgres/database.ts';
import type { Counted, Setup } from './question.ts';

/** What stored images are judged by now. `feed`: this replica's verified copy of the active bundle. */
export async function currentSetup(db: Db, feed: string | null): Promise<Setup> {
  const [policies, waivers] = await Promise.all([activeDocuments(db, 'GatePolicy'), activeDocuments(db, 'Waiver')]);
  const names = await clusterNames(db);
  return setupOf(feed, policies.map((one) => counted(one, names)), waivers.map((one) => counted(one, names)));
}

/** The same with a key of its content, by which a child knows whether it has it already. */
export function setupOf(feed: string | null, policies: readonly Counted[], waivers: readonly Counted[]): Setup {
  const key = createHash('sha256').update(JSON.stringify([feed, policies, waivers])).digest('hex');
  return { key, feed, policies, waivers };
}

/** Documents are kept by the cluster's id; places are known by its name, as people write it. */
export function counted(one: Pick<StoredDocument, 'id' | 'cluster' | 'namespace' | 'project' | 'document'>, names: ReadonlyMap<string, string>): Counted {
  const scope: Scope = {
    ...(one.cluster === '' ? {} : { cluster: names.get(one.cluster) ?? one.cluster }),
    ...(one.namespace === '' ? {} : { namespace: one.namespace }),
    ...(one.project === '' ? {} : { project: one.project }),
  };
  return { id: one.id, scope, document: one.document };
}

/** Cluster ids and what people call them. */
export async function clusterNames(db: Db): Promise<Map<string, string>> {
  const rows = await sql<{ id: string; name: string }>`select id, name from clusters`.execute(db);
  return new Map(rows.rows.map((row) => [row.id, row.name]));
}

/** Changes whenever something changes that images are judged by: the active bundle, a policy, a waiver. */
export async function stampOf(db: Db): Promise<string> {
  const found = await sql<{ stamp: string }>`select coalesce((select sha256 from feeds where active), '') || ' ' || coalesce(md5(string_agg(id || ':' || version, ',' order by id)), '') stamp
    from documents where state = 'active' and kind in ('GatePolicy', 'Waiver')`.execute(db);
  return found.rows[0]?.stamp ?? '';
}
