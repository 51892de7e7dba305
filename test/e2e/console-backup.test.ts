import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { restoreBackup } from '@palisade/app-console/backup/restore';
import { keptTables } from '@palisade/app-console/backup/tables';
import { takeBackup } from '@palisade/app-console/backup/take';
import { openDatabase } from '@palisade/app-console/postgres/database';
import type { Database } from '@palisade/app-console/postgres/database';
import { embeddedReach } from '@palisade/app-console/postgres/embedded';
import { deriveKey } from '@palisade/app-console/secret';
import { callApi, consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Person, TestAgent } from './console-client.ts';
import { containerItem, scanItem } from './console-documents.ts';
import { program } from './console-process.ts';

const [first, second] = [consoleHome(), consoleHome()];
const folder = mkdtempSync(path.join(tmpdir(), 'palisade-backup-'));
const file = path.join(folder, 'palisade.backup');
let running: Awaited<ReturnType<typeof consoleHere>>;
let ada: Person;
let agent: TestAgent;
let counts: Record<string, number>;

beforeAll(async () => {
  running = await consoleHere({ PALISADE_HOME: first.home });
  ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
  agent = await enrolAgent((await ada.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'] as unknown as string, 'node-1');
  await agent.post(running.agentUrl, [scanItem('shop/web', 300), containerItem('web-1', 'shop/web'), { id: 'future', kind: 'quantum-flux', at: '2026-11-24T00:00:00.000Z', body: { text: 'tab\t, \\N and "new\nline" 数据' } }]);
  const bytes = randomBytes(3 << 20);
  await running.context.pool.query(`insert into blobs (sha256, size, media) values ('b10b', $1, 'application/octet-stream')`, [bytes.length]);
  for (let n = 0; n < 3; n += 1) await running.context.pool.query(`insert into blob_chunks (sha256, n, bytes) values ('b10b', $1, $2)`, [n, bytes.subarray(n << 20, (n + 1) << 20)]);
});
afterAll(async () => {
  await running?.stop();
  for (const place of [first, second]) place.remove();
  rmSync(folder, { recursive: true, force: true });
});

async function countRows({ db, pool }: Pick<Database, 'db' | 'pool'>): Promise<Record<string, number>> {
  const answer: Record<string, number> = {};
  for (const { table } of await keptTables(db)) answer[table] = (await pool.query<{ n: number }>(`select count(*)::int n from "${table}"`)).rows[0]?.n ?? -1;
  return answer;
}

it('writes one moment of a working console into a file that only its owner reads', async () => {
  // Summaries are made behind the ingest; what is counted is counted at rest.
  await expect.poll(async () => (counts = await countRows(running.context))['rule_summaries'], { timeout: 30_000 }).toBeGreaterThanOrEqual(300);
  const backup = program('apps/cli/src/main.ts', ['backup', file], { PALISADE_HOME: first.home });
  await backup.says(/backup: .* rows, as of/);
  await backup.says(/the secret .*is not in the backup/);
  expect(await backup.end('SIGCONT')).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(counts).toMatchObject({ findings: 300, items_held: 1, blob_chunks: 3, users: 1, agents: 1 });
  expect(readFileSync(file).includes(readFileSync(path.join(first.home, 'secret'), 'utf8').trim())).toBe(false);
});

it('refuses a full database, a wrong secret, a damaged file and a newer schema, and leaves the database empty', async () => {
  const secret = readFileSync(path.join(first.home, 'secret'), 'utf8').trim();
  const reach = embeddedReach(first.home, deriveKey(secret, 'embedded-postgres').toString('hex'));
  const { pool } = running.context;
  await expect(restoreBackup({ ...running.context, close: () => Promise.resolve() }, file, secret, () => undefined)).rejects.toThrow(/not empty/);
  await pool.query('create database other');
  const other = openDatabase({ ...reach, database: 'other' }, 2, () => undefined);
  try {
    const bytes = readFileSync(file);
    const damaged = path.join(folder, 'damaged');
    const attempt = (name: string, key = secret): Promise<unknown> => restoreBackup(other, name, key, () => undefined);
    await expect(attempt(file, 'another secret, long enough')).rejects.toThrow(/another PALISADE_SECRET/);
    for (const cut of [0, 10, bytes.length >> 1, bytes.length - 64]) {
      writeFileSync(damaged, bytes.subarray(0, cut));
      await expect(attempt(damaged), `cut at ${cut}`).rejects.toThrow(/damaged|no Palisade backup/);
    }
    for (let tries = 0; tries < 12; tries += 1) {
      const flipped = Buffer.from(bytes);
      const at = Math.floor((bytes.length * (tries + 0.5)) / 12);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      writeFileSync(damaged, flipped);
      await expect(attempt(damaged), `flipped at ${at}`).rejects.toThrow(/damaged|no Palisade backup/);
    }
    await pool.query(`insert into schema_migrations (name, checksum) values ('9999-tomorrow', 'x')`);
    const newer = path.join(folder, 'newer');
    await takeBackup({ ...running.context, close: () => Promise.resolve() }, newer, '9.0.0', () => undefined);
    await pool.query(`delete from schema_migrations where name = '9999-tomorrow'`);
    await expect(attempt(newer)).rejects.toThrow(/newer release \(9\.0\.0\)/);
    expect((await other.pool.query(`select relname from pg_class where relnamespace = 'public'::regnamespace`)).rows).toEqual([]);
  } finally {
    await other.close();
  }
});

it('restores into an empty home: the enrolled agent goes on, every row is there, people sign in again', async () => {
  await running.stop();
  const restore = program('apps/cli/src/main.ts', ['restore', file, '--secret-file', path.join(first.home, 'secret')], { PALISADE_HOME: second.home });
  await restore.says(/restored: .* 1 agents/);
  expect(await restore.end('SIGCONT')).toBe(0);

  running = await consoleHere({ PALISADE_HOME: second.home });
  expect(running.firstRun).toBeUndefined();
  const now = await countRows(running.context);
  // The restore's own line of the audit trail, and the command that asks the agent to report anew.
  expect(now).toEqual({ ...counts, audit: (counts['audit'] ?? 0) + 1, commands: (counts['commands'] ?? 0) + 1 });
  const blob = await running.context.pool.query<{ n: number }>(`select sum(length(bytes))::int n from blob_chunks`);
  expect(blob.rows[0]?.n).toBe(3 << 20);
  expect((await running.context.pool.query<{ body: unknown }>('select body from items_held')).rows[0]?.body).toEqual({ text: 'tab\t, \\N and "new\nline" 数据' });

  const cookie = await callApi(running.url, 'GET', '/session', undefined, { cookie: ada.cookie });
  expect(cookie.status).toBe(401);
  const again = await person(running.url, { name: 'ada', password: 'correct horse battery' });
  expect((await again.call('GET', '/images')).body['items']).toHaveLength(1);
  const stream = agent.stream(running.agentUrl);
  await expect.poll(() => stream.lines.filter((line) => 'command' in line)).toMatchObject([{ command: { kind: 'resync' } }]);
  stream.close();
  expect(await agent.post(running.agentUrl, [scanItem('shop/web', 300), scanItem('shop/new', 2)])).toMatchObject({ status: 200, body: { stored: 1, duplicates: 1 } });
});
