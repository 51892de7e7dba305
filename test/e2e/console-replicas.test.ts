import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Change } from '@palisade/app-console/live';
import { startEmbedded } from '@palisade/app-console/postgres/embedded';
import type { EmbeddedPostgres } from '@palisade/app-console/postgres/embedded';
import { callApi, consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Answer, Person, TestAgent } from './console-client.ts';
import { containerItem, scanItem } from './console-documents.ts';
import { consoleProcess, eventually, freePorts } from './console-process.ts';
import type { Program } from './console-process.ts';

// Two consoles on one Postgres: `one` is a process that gets killed, `two` runs here.
const [server, homeOne, homeTwo] = [consoleHome(), consoleHome(), consoleHome()];
let postgres: EmbeddedPostgres;
let shared: Record<string, string>;
let one: Program;
let envOne: Record<string, string>;
let two: Awaited<ReturnType<typeof consoleHere>>;
let urlOne: string;
let gatewayOne: string;
let ada: Person;
let agent: TestAgent;
const changes: Change[] = [];

beforeAll(async () => {
  postgres = await startEmbedded(server.home, 'a password', () => undefined);
  shared = { PALISADE_DATABASE_URL: `postgres://palisade:a%20password@/postgres?host=${postgres.reach.host}`, PALISADE_SECRET: 'the same on every replica' };
  const [api = 0, gateway = 0] = await freePorts(2);
  [urlOne, gatewayOne] = [`http://127.0.0.1:${api}`, `https://127.0.0.1:${gateway}`];
  envOne = { ...shared, PALISADE_HOME: homeOne.home, PALISADE_DRAIN: '2', PALISADE_LISTEN: `127.0.0.1:${api}`, PALISADE_AGENT_LISTEN: `127.0.0.1:${gateway}` };
  one = consoleProcess(envOne);
  // Both at once: they migrate one database and make one certificate authority.
  two = await consoleHere({ ...shared, PALISADE_HOME: homeTwo.home });
  const [, setupOne = ''] = await one.says(/first run: .*(http\S+)/);
  // Whichever started last gave out the link that counts.
  ada = await person(urlOne, { setup: setupOne, name: 'ada', password: 'correct horse battery' }).catch(() => person(two.url, { setup: two.firstRun ?? '', name: 'ada', password: 'correct horse battery' }));
  agent = await enrolAgent((await ada.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'] as unknown as string, 'node-1');
  two.context.live.follow((change) => void changes.push(change));
});
afterAll(async () => {
  await one?.end('SIGKILL');
  await two?.stop();
  await postgres?.stop();
  for (const place of [server, homeOne, homeTwo]) place.remove();
});

const on = (url: string, method: string, where: string, body?: unknown): Promise<{ status: number; body: Answer }> => callApi(url, method, where, body, { cookie: ada.cookie, 'x-csrf-token': ada.csrf });

it('one session, one agent identity and one set of data hold on both', async () => {
  expect(await agent.post(gatewayOne, [scanItem('shop/web', 3)])).toMatchObject({ status: 200, body: { stored: 1 } });
  expect(await agent.post(two.agentUrl, [scanItem('shop/web', 3), containerItem('web-1', 'shop/web')])).toMatchObject({ status: 200, body: { stored: 1, duplicates: 1 } });
  for (const url of [urlOne, two.url]) {
    expect((await on(url, 'GET', '/session')).body).toMatchObject({ user: { name: 'ada' } });
    expect((await on(url, 'GET', '/images')).body['items']).toMatchObject([{ name: 'shop/web:1', findings: 3 }]);
  }
  // What was stored through the other replica is heard here.
  await expect.poll(() => changes.map((change) => change.topic), { timeout: 10_000 }).toEqual(expect.arrayContaining(['scan', 'container']));
});

it('a replica killed in mid-ingest loses nothing: the other takes the same batch', async () => {
  const items = Array.from({ length: 60 }, (_, n) => scanItem(`burst/${n}`, 40, `2026-11-24T00:01:${String(n).padStart(2, '0')}.000Z`));
  const broken = agent.post(gatewayOne, items).then((answer) => answer.status, () => 0);
  // Killed once the transaction is at work in the database.
  await eventually('the batch is at work', async () => {
    const busy = await two.context.pool.query(`select 1 from pg_stat_activity where application_name = 'palisade-console' and state <> 'idle' and xact_start is not null and backend_xid is not null`);
    return busy.rows.length > 0 ? true : undefined;
  });
  await one.end('SIGKILL');
  const status = await broken;
  const again = await eventually('the other replica stores it', async () => {
    const answer = await agent.post(two.agentUrl, items);
    return answer.status === 200 ? answer : undefined;
  });
  expect(again.body).toMatchObject(status === 200 ? { duplicates: 60 } : { stored: 60, duplicates: 0 });
  const counted = await two.context.pool.query<{ images: number; findings: number; ledger: number }>(
    `select (select count(*)::int from images where name like 'burst/%') images, (select count(*)::int from findings f join images i on i.key = f.image_key and i.name like 'burst/%') findings, (select count(*)::int from item_ledger where kind = 'scan') ledger`,
  );
  expect(counted.rows[0]).toEqual({ images: 60, findings: 2400, ledger: 61 });
});

it('a command whose replica dies before the answer is delivered by the other, and done once', async () => {
  one = consoleProcess(envOne);
  await one.says(/agent gateway: /);
  const first = agent.stream(gatewayOne);
  await expect.poll(() => first.lines.length, { timeout: 20_000 }).toBeGreaterThan(0);
  const id = (await on(two.url, 'POST', `/agents/${agent.agent}/commands`, { kind: 'scan-host', body: {} })).body['id'] as unknown as string;
  // Written through one replica, it goes out on the other's stream.
  await expect.poll(() => first.lines.filter((line) => 'command' in line), { timeout: 10_000 }).toMatchObject([{ command: { id } }]);
  await one.end('SIGKILL');
  await first.ended;
  const second = agent.stream(two.agentUrl);
  await expect.poll(() => second.lines.filter((line) => 'command' in line), { timeout: 10_000 }).toMatchObject([{ command: { id } }]);
  const result = { id: `result-${id}`, kind: 'command-result', at: '2026-11-24T00:02:00.000Z', body: { command: id, ok: true } };
  expect((await agent.post(two.agentUrl, [result])).body).toMatchObject({ stored: 1 });
  expect((await agent.post(two.agentUrl, [{ ...result, body: { command: id, ok: false } }])).body).toMatchObject({ duplicates: 1 });
  expect((await on(two.url, 'GET', `/commands/${id}`)).body).toMatchObject({ state: 'done' });
  second.close();
});

it('an agent revoked on one replica is refused by the other at once, on connections already open too', async () => {
  one = consoleProcess(envOne);
  await one.says(/agent gateway: /);
  const stream = agent.stream(two.agentUrl);
  await expect.poll(() => stream.lines.length).toBeGreaterThan(0);
  expect((await on(urlOne, 'POST', `/agents/${agent.agent}/revoke`)).status).toBe(200);
  expect(await agent.post(two.agentUrl, [scanItem('late', 1)])).toMatchObject({ status: 401, body: { code: 'certificate-refused' } });
  await stream.ended;
});

it('stops in order: it says "not ready" while it still answers, then the process ends by itself', async () => {
  expect((await fetch(`${urlOne}/readyz`)).status).toBe(200);
  const ended = one.end('SIGTERM');
  await expect.poll(async () => (await fetch(`${urlOne}/readyz`)).status, { interval: 20 }).toBe(503);
  expect((await on(urlOne, 'GET', '/images')).status).toBe(200);
  expect((await fetch(`${urlOne}/healthz`)).status).toBe(200);
  expect(await ended).toBe(0);
  expect((await fetch(`${two.url}/readyz`)).status).toBe(200);
});
