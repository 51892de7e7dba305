import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Scope } from '@palisade/model/scope';

type Condition = RawBuilder<boolean>;

const always = sql<boolean>`true`;
const never = sql<boolean>`false`;

/** Joins conditions by AND; none is true. */
export function all(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? always : sql`(${sql.join(conditions, sql` and `)})`;
}

function any(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? never : sql`(${sql.join(conditions, sql` or `)})`;
}

/** Rows that carry cluster, namespace and project themselves (`table` is an alias in the query). */
export function visiblePlaces(scopes: readonly Scope[], table: string): Condition {
  return any(
    scopes.map((scope) =>
      all([
        ...(scope.cluster === undefined ? [] : [sql<boolean>`${sql.ref(`${table}.cluster`)} = ${scope.cluster}`]),
        ...(scope.namespace === undefined ? [] : [sql<boolean>`${sql.ref(`${table}.namespace`)} = ${scope.namespace}`]),
        ...(scope.project === undefined ? [] : [sql<boolean>`${sql.ref(`${table}.project`)} = ${scope.project}`]),
      ]),
    ),
  );
}

/** Rows of a whole cluster (nodes, agents, gaps): a scope narrower than a cluster doesn't reach them. */
export function visibleClusters(scopes: readonly Scope[], column: string): Condition {
  return any(
    scopes
      .filter((scope) => scope.namespace === undefined && scope.project === undefined)
      .map((scope) => (scope.cluster === undefined ? always : sql<boolean>`${sql.ref(column)} = ${scope.cluster}`)),
  );
}

/** Images: by cluster, or because a container of that namespace or project uses them. `table` has key and cluster. */
export function visibleImages(scopes: readonly Scope[], table: string, key = 'key'): Condition {
  return any(
    scopes.map((scope) => {
      if (scope.namespace === undefined && scope.project === undefined) return visibleClusters([scope], `${table}.cluster`);
      return sql<boolean>`exists (select 1 from containers seen where seen.removed_at is null and seen.image_key = ${sql.ref(`${table}.${key}`)} and ${visiblePlaces([scope], 'seen')})`;
    }),
  );
}
