import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restoreBackup } from '@palisade/app-console/backup/restore';
import { ingestKinds } from '@palisade/app-console/ingest/registry';
import { replayHeld } from '@palisade/app-console/jobs/replay-held';
import { migrations } from '@palisade/app-console/migrations/registry';
import { openDatabase } from '@palisade/app-console/postgres/database';
import type { Database } from '@palisade/app-console/postgres/database';
import { startEmbedded } from '@palisade/app-console/postgres/embedded';
import type { EmbeddedPostgres } from '@palisade/app-console/postgres/embedded';
import { migrate } from '@palisade/app-console/postgres/migrate';
import { openPartitions, partitionedTables, retire } from '@palisade/app-console/postgres/partitions';
import { consoleHere, consoleHome, person } from './console-client.ts';
import { containerItem } from './console-documents.ts';

const home = consoleHome();
const replica = consoleHome();
let postgres: EmbeddedPostgres;
let admin: Database;

beforeAll(async () => {
  postgres = await startEmbedded(home.home, 'password', () => undefined);
  admin = openDatabase(postgres.reach, 1, () => undefined);
});
afterAll(async () => {
  await admin?.close();
  await postgres?.stop();
  home.remove();
  replica.remove();
});

/** An empty database of its own on the one server. */
async function empty(name: string): Promise<Database> {
  await admin.pool.query(`create database ${name}`);
  return openDatabase({ ...postgres.reach, database: name }, 4, () => undefined);
}

it('brings the data of an earlier release forward and serves it', async () => {
  // Taken when 0006 was the newest step: twelve findings, two containers, one gap, one detection, one held item.
  const database = await empty('earlier');
  const secret = 'the secret of the schema fixture';
  await restoreBackup(database, path.join(import.meta.dirname, 'fixtures/schema-0006.backup'), secret, () => undefined);
  const steps = await database.pool.query<{ name: string }>('select name from schema_migrations order by name');
  expect(steps.rows.map((row) => row.name)).toEqual(migrations.map((step) => step.name));
  await database.close();
  const url = `postgres://palisade:password@/earlier?host=${postgres.reach.host}`;
  const running = await consoleHere({ PALISADE_HOME: replica.home, PALISADE_DATABASE_URL: url, PALISADE_SECRET: secret });
  try {
    const ada = await person(running.url, { name: 'ada', password: 'correct horse battery' });
    const images = (await ada.call('GET', '/images')).body['items'] as unknown as { id: string }[];
    expect(images).toMatchObject([{ name: 'shop/web:1', findings: 12, running: 1 }]);
    expect((await ada.call('GET', `/images/${images[0]?.id ?? ''}/findings`)).body['total']).toEqual({ count: 12, exact: true });
    const held = await running.context.pool.query('select (select count(*)::int from items_held) held, (select count(*)::int from detections) detections, (select count(*)::int from gaps) gaps');
    expect(held.rows[0]).toMatchObject({ held: 1, detections: 1 });
  } finally {
    await running.stop();
  }
});

it('refuses a changed step, and the database of a newer release', async () => {
  const database = await empty('steps');
  await migrate(database.db, migrations.slice(0, 2));
  const changed = migrations.map((step, n) => (n === 1 ? { ...step, text: `${step.text}\n-- changed` } : step));
  await expect(migrate(database.db, changed)).rejects.toThrow(`migration ${migrations[1]?.name} differs`);
  expect(await migrate(database.db, migrations)).toEqual(migrations.slice(2).map((step) => step.name));
  await expect(migrate(database.db, migrations.slice(0, -1))).rejects.toThrow('newer release');
  const broken = { name: '9999-broken', text: 'create table half (id int); select 1/0;' };
  await expect(migrate(database.db, [...migrations, broken])).rejects.toThrow('division by zero');
  expect((await database.pool.query(`select 1 from pg_class where relname = 'half'`)).rows).toEqual([]);
  await database.close();
});

it('partitions what grows by day, ahead of time, and removes what is older than its retention', async () => {
  const database = await empty('days');
  const { db, pool } = database;
  await migrate(db, migrations);
  const known = await pool.query<{ name: string }>(`select relname name from pg_class where relkind = 'p' and relnamespace = 'public'::regnamespace`);
  expect(known.rows.map((row) => row.name).sort(), 'every partitioned table has a retention').toEqual([...partitionedTables].sort());

  const midnight = (days: number): Date => new Date(Date.parse('2026-03-01T23:59:59Z') + days * 86_400_000);
  const made = await openPartitions(db, midnight(0));
  expect(made).toContain('detections_20260308');
  const put = (id: string, at: string) => pool.query(`insert into detections (id, at, cluster, node, rule, priority, last_at, body) values ($1, $2, 'c', 'n', 'r', 1, $2, '{}')`, [id, at]);
  // A second before midnight, midnight itself and a week on each have their own day, without anyone making it then.
  for (const [id, at] of [['a', '2026-03-01T23:59:59.999Z'], ['b', '2026-03-02T00:00:00Z'], ['c', '2026-03-08T12:00:00Z'], ['ancient', '2020-01-01T00:00:00Z']] as const) await put(id, at);
  const places = await pool.query<{ id: string; place: string }>('select id, tableoid::regclass::text place from detections order by id');
  expect(places.rows).toEqual([{ id: 'a', place: 'detections_20260301' }, { id: 'ancient', place: 'detections_rest' }, { id: 'b', place: 'detections_20260302' }, { id: 'c', place: 'detections_20260308' }]);
  // The clock goes on: only what is new is made.
  expect((await openPartitions(db, midnight(1))).filter((name) => name.startsWith('detections'))).toEqual(['detections_20260309']);

  await pool.query(`insert into settings (key, value) values ('retention', '{"detections": 3}')`);
  await pool.query(`insert into audit (actor, action, subject, at) values ('a', 'b', 'c', '2026-03-01T12:00:00Z')`);
  const [first, second] = await Promise.all([retire(db, midnight(3)), retire(db, midnight(3))]);
  // Two replicas at once: one does it, the other leaves it.
  expect([first.dropped.length, second.dropped.length].sort((x, y) => x - y)[0]).toBe(0);
  const done = first.dropped.length > 0 ? first : second;
  expect(done.dropped.filter((name) => name.startsWith('detections'))).toEqual(['detections_20260227', 'detections_20260228']);
  expect(done.rows).toEqual({ detections_rest: 1 });
  expect((await retire(db, midnight(4))).dropped).toContain('detections_20260301');
  expect((await pool.query<{ id: string }>('select id from detections order by id')).rows.map((row) => row.id)).toEqual(['b', 'c']);
  expect((await pool.query('select 1 from audit')).rows).toHaveLength(1);

  await pool.query(`update settings set value = '{"detections": 0}'`);
  await expect(retire(db, midnight(9))).rejects.toThrow(/retention.*nothing is removed/);
  await database.close();
});

it('stores what an earlier release held because it did not know the kind', async () => {
  const database = await empty('held');
  const { db, pool } = database;
  await migrate(db, migrations);
  await pool.query(`insert into clusters (id, name, kind) values ('cls', 'lab', 'host')`);
  const hold = (id: string, kind: string, body: unknown) => pool.query(`insert into items_held (id, at, kind, cluster, node, agent, why, body) values ($1, '2026-03-01T00:00:00.123456Z', $2, 'cls', 'node', 'agt', 'unknown kind', $3)`, [id, kind, JSON.stringify(body)]);
  await hold('known', 'container', containerItem('web-1', 'shop/web').body);
  await hold('misfit', 'container', { id: 1 });
  await hold('future', 'quantum-flux', {});
  expect(await Promise.all([replayHeld(db, ingestKinds), replayHeld(db, ingestKinds)]).then(([a, b]) => a + b)).toBe(1);
  expect((await pool.query('select name, node from containers')).rows).toEqual([{ name: 'web-1', node: 'node' }]);
  const left = await pool.query<{ id: string; why: string }>('select id, why from items_held order by id');
  expect(left.rows).toEqual([{ id: 'future', why: 'unknown kind' }, { id: 'misfit', why: expect.stringMatching(/^id: /) as string }]);
  await database.close();
});

it('leaves partitions alone while a backup reads, and does not make others wait for a reader', async () => {
  const database = await empty('busy');
  const { db, pool } = database;
  await migrate(db, migrations);
  await openPartitions(db, new Date('2020-01-01'));
  const reader = await pool.connect();
  try {
    await reader.query('begin');
    await reader.query('select * from waf_events_20200101');
    const started = Date.now();
    await expect(retire(db, new Date('2026-01-01'))).rejects.toThrow(/lock timeout/);
    expect(Date.now() - started).toBeLessThan(15_000);
    await reader.query('commit');
    expect((await retire(db, new Date('2026-01-01'))).dropped).toContain('waf_events_20200101');
  } finally {
    reader.release();
    await database.close();
  }
});
