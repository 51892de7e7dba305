import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { deterministicId } from '@palisade/model/id';
import type { Scope } from '@palisade/model/scope';
import type { Db } from '../postgres/database.ts';

/** A document's place as its row's columns: the cluster by id, the empty text for "any". */
export type Place = { readonly cluster: string; readonly namespace: string; readonly project: string };

/** Documents name clusters as people do; ids are accepted too. Undefined: there is no such cluster. */
export async function placeOf(db: Db, scope: Scope): Promise<Place | undefined> {
  const rest = { namespace: scope.namespace ?? '', project: scope.project ?? '' };
  if (scope.cluster === undefined) return { cluster: '', ...rest };
  const known = await sql<{ id: string }>`select id from clusters where id = ${scope.cluster} or name = ${scope.cluster} or id = ${deterministicId('cls', scope.cluster)} limit 1`.execute(db);
  const cluster = known.rows[0]?.id;
  return cluster === undefined ? undefined : { cluster, ...rest };
}

/** The scope with ids, as grants have it: what permission is asked of. */
export function scopeOfPlace(place: Place): Scope {
  return {
    ...(place.cluster === '' ? {} : { cluster: place.cluster }),
    ...(place.namespace === '' ? {} : { namespace: place.namespace }),
    ...(place.project === '' ? {} : { project: place.project }),
  };
}

/** Documents that speak of something within `scopes`: a wider document concerns the narrower place too, another project's does not. */
export function concerning(scopes: readonly Scope[], table: string): RawBuilder<boolean> {
  const meets = (column: string, wanted: string | undefined): RawBuilder<boolean> => (wanted === undefined ? sql`true` : sql`${sql.ref(`${table}.${column}`)} in ('', ${wanted})`);
  if (scopes.length === 0) return sql`false`;
  return sql`(${sql.join(
    scopes.map((scope) => sql`(${meets('cluster', scope.cluster)} and ${meets('namespace', scope.namespace)} and ${meets('project', scope.project)})`),
    sql` or `,
  )})`;
}
