import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refreshSummaries } from '@palisade/app-console/jobs/summaries';
import { onConnection } from '@palisade/app-console/postgres/database';
import { zipOf } from '../../packages/catalog/test/zip-fixture.ts';
import { callApi, consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Answer, Person, TestAgent } from './console-client.ts';
import { debianBundle, unfed, uploadBundle } from './console-bundles.ts';
import { containerItem } from './console-documents.ts';

const rows = (answer: { body: Answer }): Answer[] => answer.body['items'] as unknown as Answer[];
const text = (value: unknown): string => String(value);

describe('console: feeds and what they change', () => {
  const place = consoleHome();
  const scratch = mkdtempSync(path.join(tmpdir(), 'palisade-feeds-'));
  let running: Awaited<ReturnType<typeof consoleHere>>;
  let ada: Person;
  let agent: TestAgent;
  const asked: string[] = [];

  const bundle = (name: string, vulnerable: number, records?: number): Promise<string> => debianBundle(scratch, name, vulnerable, records);
  const upload = (bytes: Buffer | string, query?: string, type?: string): Promise<{ status: number; body: Answer }> => uploadBundle(running.url, ada, bytes, query, type);
  const images = async (): Promise<Record<string, Answer>> => Object.fromEntries(rows(await ada.call('GET', '/images?sort=name&limit=200')).map((row) => [text(row['name']), row]));
  const finished = async (task: unknown): Promise<Answer> => {
    await expect.poll(async () => (await ada.call('GET', `/tasks/${text(task)}`)).body['finishedAt'], { timeout: 60_000, interval: 200 }).not.toBeNull();
    return (await ada.call('GET', `/tasks/${text(task)}`)).body;
  };

  /** What the official hosts hold; each is a folder of one loopback server, reached through a host table. */
  const official: Record<string, Buffer | string> = {
    'www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json': JSON.stringify({ title: 'KEV', dateReleased: '2026-11-20T00:00:00Z', vulnerabilities: [{ cveID: 'CVE-2025-1000', vendorProject: 'v', product: 'p', vulnerabilityName: 'n', dateAdded: '2026-01-01', dueDate: '2026-02-01', requiredAction: 'a', shortDescription: 's', knownRansomwareCampaignUse: 'Unknown' }] }),
    'epss.empiricalsecurity.com/epss_scores-current.csv.gz': gzipSync('#model_version:v1,score_date:2026-11-20T00:00:00+0000\ncve,epss,percentile\nCVE-2025-1000,0.9,0.99\n'),
    'security-tracker.debian.org/tracker/data/json': JSON.stringify(Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`lib${n}`, { [`CVE-2025-${1000 + n}`]: { description: 'd', scope: 'local', releases: { bookworm: { status: n === 0 ? 'open' : 'resolved', ...(n === 0 ? {} : { fixed_version: '0.5' }), repositories: { bookworm: '1.0' }, urgency: 'high' } } } }]))),
  };
  const server = createServer((request, response) => {
    const held = official[(request.url ?? '').slice(1)];
    if (held === undefined) response.writeHead(404).end('gone');
    else response.writeHead(200, { 'content-length': Buffer.byteLength(held) }).end(held);
  });
  const start = (): ReturnType<typeof consoleHere> =>
    consoleHere({ PALISADE_HOME: place.home }, undefined, (input, init) => {
      const url = text(input instanceof Request ? input.url : input);
      asked.push(url);
      return fetch(url.replace('https://', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`), init);
    });

  beforeAll(async () => {
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', () => resolve()));
    running = await start();
    ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
    agent = await enrolAgent(text((await ada.call('POST', '/join-tokens', { cluster: 'lab' })).body['token']), 'node-1');
    await agent.post(running.agentUrl, [unfed('a', 10, '2026-11-24T00:00:00.000Z'), unfed('b', 40, '2026-11-24T00:00:00.000Z')]);
  });
  afterAll(async () => {
    await running?.stop();
    server.close();
    place.remove();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('says unknown while there is no feed', async () => {
    expect((await images())['a:1']).toMatchObject({ counts: { unknown: 10, critical: 0 }, feed: null });
    expect((await ada.call('GET', '/feeds')).body).toMatchObject({ items: [], images: { scanned: 2, current: 0 } });
  });

  it('refuses what is no bundle, with the reason, and leaves nothing behind', async () => {
    const good = readFileSync(await bundle('cut', 1));
    const cases: readonly [string, Buffer | string][] = [
      ['the file is empty', ''],
      ['not a feed bundle', 'SQLite format 3\0 but no database'],
      ['not a feed bundle', good.subarray(0, 5000)],
    ];
    for (const [why, bytes] of cases) {
      const refused = await upload(bytes);
      expect([refused.status, text(refused.body['code'])]).toEqual([422, 'invalid-bundle']);
      expect(text(refused.body['detail'])).toContain(why);
    }
    const changed = path.join(scratch, 'changed.db');
    writeFileSync(changed, good);
    const database = new DatabaseSync(changed);
    database.exec("UPDATE advisory SET name = 'CVE-2025-9999' WHERE name = 'CVE-2025-1000'");
    database.close();
    expect(text((await upload(readFileSync(changed))).body['detail'])).toContain('does not match the digest');
    expect((await upload('{}', '', 'application/json')).status).toBe(400);
    expect((await callApi(running.url, 'POST', '/feeds', undefined, { cookie: ada.cookie, 'content-type': 'application/octet-stream' })).body).toMatchObject({ code: 'csrf-mismatch' });
    expect((await ada.call('GET', '/feeds')).body['items']).toEqual([]);
    expect(readdirSync(path.join(place.home, 'console-cache', 'incoming'))).toEqual([]);
  });

  it('matches every image from stored packages once a bundle is in use', async () => {
    const made = await upload(readFileSync(await bundle('first', 20)));
    expect(made.status).toBe(200);
    expect(await finished(made.body['task'])).toMatchObject({ kind: 'rematch', state: 'done', done: 2, total: 2 });
    const now = await images();
    expect(now['a:1']).toMatchObject({ findings: 10, fixable: 10, counts: { unknown: 10 }, gaps: 0 });
    expect(now['b:1']).toMatchObject({ findings: 20 });
    expect(now['b:1']?.['feed']).not.toBeNull();
    const findings = rows(await ada.call('GET', `/images/${text(now['a:1']?.['id'])}/findings`));
    expect(findings[0]).toMatchObject({ answer: 'affected', fixed: '2.0' });
    expect((await ada.call('GET', '/feeds')).body).toMatchObject({ items: [{ active: true, importedBy: 'ada', counts: { advisories: 60 } }], images: { current: 2, waiting: 0 } });
  });

  it('does not let a scan without a feed overwrite what is known, and answers for its new packages', async () => {
    await agent.post(running.agentUrl, [unfed('a', 12, '2026-11-24T01:00:00.000Z'), unfed('c', 3, '2026-11-24T01:00:00.000Z')]);
    // At once, before anything is matched anew: what was known stands.
    const right = (await images())['a:1'];
    expect(Number(right?.['findings'])).toBeGreaterThanOrEqual(10);
    expect(right?.['feed']).not.toBeNull();
    await expect.poll(async () => [(await images())['a:1']?.['fixable'], (await images())['c:1']?.['fixable']], { timeout: 20_000 }).toEqual([12, 3]);
    expect((await images())['c:1']).toMatchObject({ gaps: 0 });
  });

  it('refuses a bundle that lost much, unless that is wanted, and goes back to an earlier one', async () => {
    const small = readFileSync(await bundle('small', 5, 30));
    expect(await upload(small)).toMatchObject({ status: 422, body: { code: 'bundle-shrank' } });
    const taken = await upload(small, '?allowShrink=true');
    await finished(taken.body['task']);
    expect((await images())['b:1']).toMatchObject({ fixable: 5 });
    const before = rows(await ada.call('GET', '/feeds')).find((row) => text(row['active']) === 'false');
    const back = await ada.call('POST', `/feeds/${text(before?.['sha256'])}/activate`, {});
    expect(back.status).toBe(200);
    await finished(back.body['task']);
    expect((await images())['b:1']).toMatchObject({ fixable: 20 });
    expect((await ada.call('DELETE', `/feeds/${text(taken.body['sha256'])}`)).status).toBe(200);
    expect((await ada.call('DELETE', `/feeds/${text(before?.['sha256'])}`)).status).toBe(409);
  });

  it('keeps every old answer when it is stopped in the middle of a round, and goes on after a restart', async () => {
    const items = Array.from({ length: 30 }, (_, n) => unfed(`many-${n}`, 30, '2026-11-24T02:00:00.000Z'));
    await agent.post(running.agentUrl, items);
    await expect.poll(async () => Object.values(await images()).filter((row) => Number(row['fixable']) === 20).length, { timeout: 60_000 }).toBe(31);
    const made = await upload(readFileSync(await bundle('next', 25)));
    await expect.poll(async () => Number((await ada.call('GET', `/tasks/${text(made.body['task'])}`)).body['done']), { interval: 20, timeout: 20_000 }).toBeGreaterThan(0);
    await running.stop();
    running = await start();
    ada = await person(running.url, { name: 'ada', password: 'correct horse battery' });
    // Old answer or new answer, nothing in between, nothing empty.
    for (const [name, row] of Object.entries(await images())) if (name.startsWith('many-')) expect([20, 25]).toContain(Number(row['fixable']));
    expect(await finished(made.body['task'])).toMatchObject({ state: 'done' });
    for (const [name, row] of Object.entries(await images())) if (name.startsWith('many-')) expect([name, Number(row['fixable'])]).toEqual([name, 25]);
  });

  it('keeps the summaries of rules as a pass over every finding would make them', async () => {
    const { pool } = running.context;
    const summaries = `select to_jsonb(s) - 'title' - 'words' s from rule_summaries s order by cluster, kind, rule`;
    // Containers come, stop and go; an image loses packages; another goes; a finding is waived.
    await agent.post(running.agentUrl, [containerItem('one', 'many-1'), containerItem('two', 'many-1'), containerItem('three', 'many-2'), containerItem('four', 'b')]);
    await agent.post(running.agentUrl, [containerItem('two', 'many-1', 'exited', '2026-11-24T03:00:00.000Z'), { id: 'gone', kind: 'container-removed', at: '2026-11-24T03:00:00.000Z', body: { id: text((containerItem('three', 'many-2').body as { id: string }).id) } }, unfed('many-3', 4, '2026-11-24T03:00:00.000Z')]);
    await pool.query(`delete from images where name = 'many-4:1'`);
    await pool.query(`update findings set waived_by = 'some-waiver' where rule = 'CVE-2025-1003'`);
    await expect.poll(async () => (await pool.query<{ n: number }>('select count(*)::int n from images where due > 0')).rows[0]?.n, { timeout: 60_000 }).toBe(0);
    // In one transaction, so that nothing comes between the three.
    const client = await pool.connect();
    const trx = onConnection(client);
    const held = async (): Promise<unknown[]> => (await client.query(summaries)).rows;
    await client.query('begin');
    await refreshSummaries(trx);
    const kept = await held();
    expect(await refreshSummaries(trx)).toEqual({ rules: 0, whole: false });
    expect((await refreshSummaries(trx, { whole: true })).rules).toBeGreaterThanOrEqual(25);
    expect(kept).toEqual(await held());
    await client.query('commit');
    client.release();
    expect(JSON.stringify(kept)).toContain('"containers":2');
  });

  it('pulls only from the hosts that were agreed to, and says what failed', async () => {
    const plan = (await ada.call('GET', '/feeds/pull?ecosystems=npm')).body;
    expect(asked).toEqual([]);
    const hosts = plan['hosts'] as unknown as string[];
    expect(hosts.length).toBeGreaterThan(2);
    expect(await ada.call('POST', '/feeds/pull', { ecosystems: ['npm'], hosts: hosts.slice(1) })).toMatchObject({ status: 409 });
    const started = await ada.call('POST', '/feeds/pull', { ecosystems: ['npm'], hosts });
    expect(await finished(started.body['task'])).toMatchObject({ kind: 'feed-pull', state: 'failed' });
    expect(text((await ada.call('GET', `/tasks/${text(started.body['task'])}`)).body['error'])).toContain('the server answered 404');
    expect(new Set(asked.map((url) => new URL(url).host)).size).toBeLessThanOrEqual(hosts.length);
  });

  it('holds the audit trail fast in the database itself', async () => {
    const { pool } = running.context;
    await expect(pool.query(`update audit set actor = 'nobody'`)).rejects.toThrow(/append-only/);
    await expect(pool.query('delete from audit')).rejects.toThrow(/append-only/);
    await expect(pool.query('truncate audit')).rejects.toThrow(/append-only/);
    const parts = await pool.query<{ name: string }>(`select c.relname name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit'::regclass`);
    expect(parts.rows.length).toBeGreaterThan(3);
    for (const { name } of parts.rows) await expect(pool.query(`truncate "${name}"`)).rejects.toThrow(/append-only/);
    const trail = rows(await ada.call('GET', '/audit?action=feed.&limit=5'));
    expect(trail.length).toBe(5);
    expect(trail[0]).toMatchObject({ action: 'feed.pull', actor: 'ada' });
  });

  it('pulls, builds a bundle of what it got, puts it in use and matches every image with it', async () => {
    const records = Object.fromEntries(Array.from({ length: 70 }, (_, n) => [`GHSA-${n}.json`, JSON.stringify({ id: `GHSA-${n}`, modified: '2026-11-01T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: `pkg${n}` }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] }] })]));
    official['osv-vulnerabilities.storage.googleapis.com/npm/all.zip'] = zipOf(records);
    const { hosts } = (await ada.call('GET', '/feeds/pull?ecosystems=npm')).body;
    const started = await ada.call('POST', '/feeds/pull', { ecosystems: ['npm'], hosts });
    expect(await finished(started.body['task'])).toMatchObject({ kind: 'feed-pull', state: 'done', error: null });
    const feeds = (await ada.call('GET', '/feeds')).body;
    const [active] = (feeds['items'] as unknown as Answer[]).filter((feed) => text(feed['active']) === 'true');
    expect(active).toMatchObject({ importedBy: 'ada', counts: { advisories: 130 } });
    expect(asked.map((url) => new URL(url).host).filter((host) => !(hosts as unknown as string[]).includes(host))).toEqual([]);
    // Debian's tracker knows of one package of every image that it is open, known to be exploited; the others are answered, not unknown.
    await expect.poll(async () => (await images())['b:1'], { timeout: 60_000 }).toMatchObject({ findings: 1, fixable: 0, uncovered: 0 });
    expect(rows(await ada.call('GET', `/images/${text((await images())['b:1']?.['id'])}/findings`))).toMatchObject([{ rule: 'CVE-2025-1000', answer: 'affected', kev: true, epss: 0.9 }]);
  });
});
