import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDatabase } from '@palisade/app-console/postgres/database';
import type { Database } from '@palisade/app-console/postgres/database';
import { deriveKey } from '@palisade/app-console/secret';
import { debianBundle, unfed, uploadBundle } from './console-bundles.ts';
import { consoleHome, enrolAgent, person } from './console-client.ts';
import type { Answer, Person } from './console-client.ts';
import { bringBuildForward, builtConsole, eventually, freePorts, postgresPid, program } from './console-process.ts';
import type { Program } from './console-process.ts';

// 20 rounds in the suite; PALISADE_KILL_ROUNDS=1000 for the long run.
const text = (value: unknown): string => String(value);
const rounds = Number(process.env['PALISADE_KILL_ROUNDS'] ?? 20);
const names = ['console', 'postgres', 'agent'] as const;
const secret = 'the secret of a test installation';
const place = consoleHome();
const folder = mkdtempSync(path.join(tmpdir(), 'palisade-storm-'));
const compiled = path.join(folder, 'compiled');
let env: Record<string, string>;
let running: Program;
let agent: Program;
let database: Database;
let admin: Person;
let url: string;

beforeAll(async () => {
  const [api = 0, gateway = 0] = await freePorts(2);
  env = { PALISADE_HOME: place.home, PALISADE_SECRET: secret, PALISADE_LISTEN: `127.0.0.1:${api}`, PALISADE_AGENT_LISTEN: `127.0.0.1:${gateway}` };
  bringBuildForward();
  running = builtConsole(env, compiled);
  const [, setup] = await running.says(/first run: .*(http\S+)/);
  url = `http://127.0.0.1:${api}`;
  admin = await person(url, { setup: setup ?? '', name: 'ada', password: 'correct horse battery' });
  const join = (await admin.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'] as unknown as string;
  database = openDatabase({ host: path.join(place.home, 'postgres/run'), port: 5432, user: 'palisade', password: deriveKey(secret, 'embedded-postgres').toString('hex'), database: 'postgres' }, 2, () => undefined);
  // Counts how often each item took effect: a second storing of one shows as a second row, whatever hides it elsewhere.
  await database.pool.query(`create table effects (n bigserial primary key, what text);
    create function note_effect() returns trigger language plpgsql as $$ begin insert into effects (what) values (coalesce(to_jsonb(new)->>'name', to_jsonb(new)->>'id')); return null; end $$;
    create trigger container_effect after insert or update of body on containers for each row execute function note_effect();
    create trigger held_effect after insert or update on items_held for each row execute function note_effect();`);
  // Ended well once, it leaves what V8 compiled to those that will be killed.
  await running.end('SIGTERM');
  running = builtConsole(env, compiled);
  await running.says(/agent gateway: /);
  agent = program('test/e2e/storm-agent.ts', [folder], { PALISADE_JOIN: join, NODE_COMPILE_CACHE: compiled });
  await agent.says(/^storm: /m);
});

afterAll(async () => {
  await agent?.end('SIGKILL');
  await database?.close();
  await running?.end('SIGTERM');
  place.remove();
  rmSync(folder, { recursive: true, force: true });
});

it(`keeps every acknowledged item exactly once through ${rounds} kills of console, Postgres and agent`, async () => {
  const killed = { console: 0, postgres: 0, agent: 0 };
  // How long it took until items arrived again, by who was killed; told every hundred rounds.
  const back = { console: 0, postgres: 0, agent: 0 };
  let last: (typeof names)[number] | undefined;
  let before = 0;
  for (let round = 0; round < rounds; round += 1) {
    const since = performance.now();
    // Only a console that stores again counts as being in the middle of ingest.
    before = await eventually(`round ${round}: items arrive`, async () => {
      const now = await newest();
      return now > before ? now : undefined;
    }, words, 15);
    if (last !== undefined) back[last] += performance.now() - since;
    if (round > 0 && round % 100 === 0) process.stdout.write(`${round} rounds\n`);
    await sleep(Math.random() * 150);
    const victim = names[round % 3] ?? 'console';
    killed[victim] += 1;
    last = victim;
    if (victim === 'console') {
      await running.end('SIGKILL');
      running = builtConsole(env, compiled);
    } else if (victim === 'postgres') {
      process.kill(postgresPid(place.home), 'SIGKILL');
    } else {
      await agent.end('SIGKILL');
      agent = program('test/e2e/storm-agent.ts', [folder], { NODE_COMPILE_CACHE: compiled });
    }
  }
  await running.says(/agent gateway: /);
  // One that was started by the last round must be able to hear the signal: killed by it, it would never end well.
  await agent.says(/^storm: /m);
  expect(await eventually('the spool is emptied', async () => ((await agent.end('SIGTERM')) === 0 ? true : undefined), words, 15)).toBe(true);

  const acknowledged = readFileSync(path.join(folder, 'acknowledged'), 'utf8').split('\n').filter((id) => id !== '');
  const stored = await database.pool.query<{ id: string; n: number }>('select id, count(*)::int n from item_ledger group by id');
  const times = new Map(stored.rows.map((row) => [row.id, row.n]));
  const effects = await database.pool.query<{ n: number; items: number; most: number }>('select sum(n)::int n, count(*)::int items, max(n)::int most from (select count(*) n from effects group by what) counted');
  process.stdout.write(`kill -9: console ${killed.console}, postgres ${killed.postgres}, agent ${killed.agent}; acknowledged ${acknowledged.length}, stored ${stored.rows.length}, effects ${effects.rows[0]?.n}; back after ${names.map((name) => `${name} ${Math.round(back[name] / Math.max(1, killed[name]))} ms`).join(', ')}\n`);

  expect(acknowledged.length).toBeGreaterThan(rounds * 10);
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(acknowledged.filter((id) => !times.has(id)), 'acknowledged, not stored').toEqual([]);
  expect(stored.rows.filter((row) => row.n !== 1), 'stored more than once').toEqual([]);
  // An agent killed between spool and our note has stored items that the note does not name: at most one each time.
  expect(stored.rows.length - acknowledged.length).toBeLessThanOrEqual(killed.agent);
  expect(effects.rows[0]).toEqual({ n: stored.rows.length, items: stored.rows.length, most: 1 });
}, 60_000 + rounds * 20_000);

it('keeps every image\'s old answer through kills in the middle of a re-match, and loses and doubles nothing', async () => {
  await agent.end('SIGKILL');
  const images = 80;
  const gateway = `https://${env['PALISADE_AGENT_LISTEN']}`;
  const sender = await enrolAgent(text((await admin.call('POST', '/join-tokens', { cluster: 'lab' })).body['token']), 'matched');
  expect((await sender.post(gateway, Array.from({ length: images }, (_, n) => unfed(`match-${n}`, 30, '2026-11-24T00:00:00.000Z')))).body).toMatchObject({ stored: images });
  // One image's answer: the bundle it was matched with, its findings, and how many different ones they are.
  const answers = async (): Promise<{ feed: string | null; findings: number; different: number }[]> =>
    (await database.pool.query<{ feed: string | null; findings: number; different: number }>(`select i.matched_feed feed, count(f.id)::int findings, count(distinct f.package)::int different
      from images i left join findings f on f.image_key = i.key where i.name like 'match-%' group by i.key order by i.key`)).rows;
  const matched = async (sha256: string): Promise<number> => (await answers()).filter((one) => one.feed === sha256).length;
  const imported = async (name: string, vulnerable: number): Promise<string> => {
    const { status, body } = await uploadBundle(url, admin, readFileSync(await debianBundle(folder, name, vulnerable)));
    expect([status, body]).toEqual([200, expect.objectContaining({ sha256: expect.any(String) })]);
    return text(body['sha256']);
  };
  const first = await imported('first', 20);
  await eventually('the first bundle is matched', async () => ((await matched(first)) === images ? true : undefined), words);
  const second = await imported('second', 25);
  const expected = new Map([[first, 20], [second, 25]]);
  const seen: number[] = [];
  // Killed at once, then whenever it has got further.
  for (let kill = 0, before = -1; kill < 2; kill += 1) {
    before = await eventually('the re-match gets further', async () => {
      const now = await matched(second);
      return now > before ? now : undefined;
    }, words);
    await running.end('SIGKILL');
    seen.push(await matched(second));
    for (const { feed, findings, different } of await answers()) expect([feed, findings, different]).toEqual([feed, expected.get(feed ?? ''), findings]);
    running = builtConsole(env, compiled);
    await running.says(/agent gateway: /);
    if (before === images) break;
  }
  expect(seen.some((count) => count < images), `killed in the middle: ${seen.join(', ')} of ${images}`).toBe(true);
  await eventually('the second bundle is matched', async () => ((await matched(second)) === images ? true : undefined), words);
  expect(new Set((await answers()).map((one) => `${one.findings} ${one.different}`))).toEqual(new Set(['25 25']));
  const tasks = await eventually('the round is closed', async () => {
    const items = (await admin.call('GET', '/tasks')).body['items'] as unknown as Answer[];
    return items.every((task) => task['finishedAt'] !== null) ? items : undefined;
  }, words);
  expect(tasks.filter((task) => text(task['kind']) === 'rematch').map((task) => text(task['state']))).toEqual(['done', 'done']);
}, 600_000);

/** Grows with every item that took effect. */
async function newest(): Promise<number> {
  return (await database.pool.query<{ n: number }>('select coalesce(max(n), 0)::int n from effects')).rows[0]?.n ?? 0;
}

function words(): string {
  return `console:\n${running.said().slice(-2000)}\nagent:\n${agent.said().slice(-2000)}`;
}
