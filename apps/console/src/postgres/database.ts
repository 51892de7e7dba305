import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Reach } from './embedded.ts';

/** Queries are written as SQL with the `sql` tag (values are always bound), so no table interface is kept beside the migrations. */
export type Db = Kysely<Record<string, never>>;

export type Database = { readonly db: Db; readonly pool: pg.Pool; close(): Promise<void> };

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

/** int8 becomes a number (our counts stay far below 2^53), timestamptz an ISO 8601 text. */
const types = {
  getTypeParser(oid: TypeId, format?: 'text' | 'binary') {
    const id: number = oid;
    if (id === 20) return (text: string) => Number(text);
    if (id === 1184) return (text: string) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  },
};

/** What `pg` needs to reach the database, from an embedded server or a URL. */
export function connection(reach: Reach | string): pg.ClientConfig {
  return typeof reach === 'string' ? { connectionString: reach } : { ...reach };
}

/** The query builder on one connection: what it asks is asked within that connection's transaction. */
export function onConnection(client: pg.PoolClient): Db {
  const lone = { connect: () => Promise.resolve({ query: client.query.bind(client), release: () => undefined }), end: () => Promise.resolve() };
  return new Kysely({ dialect: new PostgresDialect({ pool: lone }) });
}

/** A pool on one database. An idle connection's end (a killed server) is reported, not thrown. */
export function openDatabase(reach: Reach | string, size: number, lost: (error: Error) => void): Database {
  const pool = new pg.Pool({
    ...connection(reach),
    types,
    max: size,
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    application_name: 'palisade-console',
    // A page must not hold a connection for ever; jobs set their own limit.
    statement_timeout: 30_000,
    options: '-c timezone=UTC -c synchronous_commit=on -c lock_timeout=15000',
  });
  pool.on('error', lost);
  // A connection that breaks while someone holds it fails that one's query; without a listener of its own it would end
  // the process as well.
  pool.on('connect', (client) => void client.on('error', lost));
  const db: Db = new Kysely({ dialect: new PostgresDialect({ pool }) });
  return { db, pool, close: () => db.destroy() };
}
