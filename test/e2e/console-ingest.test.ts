import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver } from '@palisade/app-agent/gateway/deliver';
import { createReporter } from '@palisade/app-agent/report';
import { reportDropped } from '@palisade/app-agent/spool/report-dropped';
import { openSpool } from '@palisade/app-agent/spool/spool';
import { callApi, enrolAgent, startLab } from './console-client.ts';
import type { Answer, Lab } from './console-client.ts';
import { itemBodies } from '@palisade/model/wire';
import type { Item } from '@palisade/model/wire';
import { containerItem, scanItem } from './console-documents.ts';
import { dockerNode } from './web-world.ts';

/** The body without every part that its kind does not ask for. */
function leastBody({ kind, body }: Item): unknown {
  const schema = itemBodies[kind as keyof typeof itemBodies];
  let least = body as Record<string, unknown>;
  for (const key of Object.keys(least)) {
    const { [key]: _, ...without } = least;
    if (schema.safeParse(without).success) least = without;
  }
  return least;
}

/** Every object within says one thing more. */
function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore);
  if (typeof value !== 'object' || value === null) return value;
  // Of maps every key is a value already.
  const more = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, ['labels', 'coverage', 'bySeverity'].includes(key) ? inner : withMore(inner)]));
  return { ...more, ofALaterRelease: { deep: [1] } };
}

const text = (value: unknown): string => String(value);
const idOf = (page: Answer): string => (page['items'] as unknown as { id: string }[])[0]?.id ?? '';

describe('console: from an agent\'s item to the API', () => {
  let lab: Lab;
  let { running, ada, agent } = {} as Lab;

  beforeAll(async () => {
    lab = await startLab();
    ({ running, ada, agent } = lab);
    await expect(enrolAgent(lab.join, 'node-2')).rejects.toThrow(/join-token-refused/);
  });
  afterAll(() => lab?.end());

  it('stores a scan once, however often it is sent, and shows it', async () => {
    const first = await agent.post(running.agentUrl, [scanItem('shop/web', 10), containerItem('web-1', 'shop/web')]);
    expect(first).toMatchObject({ status: 200, body: { stored: 2, duplicates: 0, unknown: 0, refused: [] } });
    const again = await agent.post(running.agentUrl, [scanItem('shop/web', 10), containerItem('web-1', 'shop/web')]);
    expect(again).toMatchObject({ status: 200, body: { stored: 0, duplicates: 2 } });
    const { body } = await ada.call('GET', '/images');
    expect(body['items']).toHaveLength(1);
    expect((body['items'] as unknown as Answer[])[0]).toMatchObject({ name: 'shop/web:1', status: 'partial', packages: 10, findings: 10, running: 1, counts: { critical: 4, medium: 6 }, fixable: 5, gaps: 1 });
    const detail = await ada.call('GET', `/images/${idOf(body)}`);
    expect(detail.status).toBe(200);
    expect(detail.body['layers']).toMatchObject([{ base: true, packages: 5, findings: 5 }, { base: false, packages: 5, findings: 5 }]);
    expect(detail.body['containers']).toMatchObject([{ name: 'web-1', project: 'shop' }]);
  });

  it('shows what a web application firewall reported, once, found by rule, path and outcome', async () => {
    const event = { time: new Date().toISOString(), id: 'w-1', site: 'shop', client: '192.0.2.9', method: 'GET', host: 'shop', path: '/login', mode: 'block', action: 'blocked', status: 403, scores: { total: 5, bySeverity: { critical: 5 } }, matches: [{ rule: 942100, msg: 'SQL injection', tags: [], severity: 'critical', variable: 'ARGS:q', offset: 0, bytes: '1 or 1' }], gaps: [], took_us: 80 };
    const item = { id: 'waf-item-1', kind: 'waf-event', at: event.time, body: event };
    expect(await agent.post(running.agentUrl, [item, { ...item, id: 'waf-item-again' }])).toMatchObject({ status: 200, body: { refused: [] } });
    const found = async (query: string): Promise<unknown[]> => (await ada.call('GET', `/waf/events?${query}`)).body['items'] as unknown as unknown[];
    expect(await found('')).toMatchObject([{ node: { name: 'node-1' }, event }]);
    expect(await found('rule=942100&action=blocked&q=login')).toHaveLength(1);
    expect(await found('rule=1')).toEqual([]);
    expect(await found('action=logged')).toEqual([]);
    expect((await ada.call('GET', '/waf/sites')).body['items']).toMatchObject([{ site: 'shop', events: 1, blocked: 1, clients: 1, addedMicroseconds: 80 }]);
  });

  it('pages findings by cursor without loss or repetition', async () => {
    const { body } = await ada.call('GET', '/images');
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await ada.call('GET', `/images/${idOf(body)}/findings?limit=3${cursor}`);
      expect(page.status).toBe(200);
      expect(page.body['total']).toEqual({ count: 10, exact: true });
      seen.push(...(page.body['items'] as unknown as { rule: string }[]).map((item) => item.rule));
      const next = page.body['next'] as unknown as string | null;
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor !== '');
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => `CVE-2026-${1000 + n}`));
  });

  it('shows a scan that failed with its reason, and keeps what an earlier scan of that image found', async () => {
    const failed = (ref: string) => ({ schema: 'palisade.scan/1', target: { kind: 'docker', ref }, status: 'failed', content: 'headers', gaps: [{ kind: 'limit-scan-memory', subject: ref, reason: 'more than 1024 MiB of memory', count: 1 }], feed: null, image: null, packages: [], findings: [], verdict: { result: 'none', reasons: [], waived: [] } });
    const item = (id: string, ref: string) => ({ id, kind: 'scan', at: '2027-01-01T00:00:00.000Z', body: { source: 'image', scan: failed(ref) } });
    const fresh = `sha256:${'f'.repeat(64)}`;
    const { pool } = running.context;
    const known = (await pool.query<{ image_id: string }>(`select image_id from images where name = 'shop/web:1'`)).rows[0]?.image_id ?? '';
    expect((await agent.post(running.agentUrl, [item('failed-1', fresh), item('failed-2', known)])).body).toMatchObject({ stored: 2, refused: [] });
    const rows = (await pool.query<{ image_id: string; name: string; status: string; packages: number; gaps: number }>('select image_id, name, status, packages, (select count(*)::int from gaps g where g.image_key = i.key and g.kind = \'limit-scan-memory\') gaps from images i order by packages')).rows;
    expect(rows).toEqual([{ image_id: fresh, name: fresh, status: 'failed', packages: 0, gaps: 1 }, { image_id: known, name: 'shop/web:1', status: 'failed', packages: 10, gaps: 1 }]);
    await pool.query('delete from images where image_id = $1', [fresh]);
  });

  it('keeps what it cannot read aside, with the reason, and never believes a body about its node', async () => {
    const at = '2026-11-24T00:00:01.000Z';
    const answer = await agent.post(running.agentUrl, [
      { id: 'future-1', kind: 'quantum-flux', at, body: { level: '9\u0000' } },
      { id: 'broken-1', kind: 'scan', at, body: { source: 'image', scan: {} } },
    ]);
    expect(answer.body).toMatchObject({ stored: 0, unknown: 1, refused: [{ id: 'broken-1' }] });
    expect((await agent.post(running.agentUrl, [{ id: 'future-1', kind: 'quantum-flux', at, body: {} }])).body).toMatchObject({ duplicates: 1, unknown: 0 });
    const gaps = (await ada.call('GET', '/gaps?source=ingest')).body['items'] as unknown as Answer[];
    expect(gaps.map((gap) => [text(gap['kind']), text(gap['subject']), text(gap['count'])].join(' ')).toSorted()).toEqual(['items-held quantum-flux 1', 'items-refused scan 1']);
  });

  it('takes what agents of other releases send: an item at a time, saying which were set aside', async () => {
    const items = dockerNode();
    const kinds = new Set(items.map((item) => item.kind));
    expect(kinds.size).toBeGreaterThanOrEqual(6);
    // An older agent leaves out whatever is optional today; a newer one says more everywhere.
    const older = items.map((item) => ({ ...item, id: `old-${item.id}`, body: leastBody(item) }));
    const newer = items.map((item) => ({ ...item, id: `new-${item.id}`, body: withMore(item.body), signature: 'of a later release' }));
    const misfit = { id: 'misfit', kind: 'Of-A-Later_Release', at: '2026-11-24T00:00:03.000Z', body: {} } as Item;
    const [middle, ...rest] = [...older, ...newer];
    const answer = await agent.post(running.agentUrl, [...rest, misfit, { ...misfit, id: 'later', kind: 'later-kind' }, middle as Item]);
    expect(answer).toMatchObject({ status: 200, body: { stored: older.length + newer.length, unknown: 1, refused: [{ id: 'misfit' }] } });
    const held = await running.context.pool.query<{ id: string }>(`select id from items_held where id in ('misfit', 'later') order by id`);
    expect(held.rows.map((row) => row.id)).toEqual(['later', 'misfit']);
    expect(JSON.stringify((await ada.call('GET', '/gaps?source=ingest')).body)).toContain('Of-A-Later_Release');
  });

  it('lets as many nodes join with one token as it was made for, and none after it was revoked', async () => {
    const make = async (body: object): Promise<Answer> => (await ada.call('POST', '/join-tokens', { cluster: 'lab', ...body })).body;
    const many = await make({ uses: 2, hours: 48 });
    expect(Date.parse(text(many['expires'])) - Date.now()).toBeGreaterThan(47 * 3_600_000);
    const [one, two] = await Promise.all(['many-1', 'many-2'].map((name) => enrolAgent(text(many['token']), name)));
    expect(one?.node).not.toBe(two?.node);
    await expect(enrolAgent(text(many['token']), 'many-3')).rejects.toThrow(/join-token-refused/);
    const revoked = await make({ uses: 5 });
    expect((await ada.call('DELETE', `/join-tokens/${text(revoked['id'])}`)).status).toBe(200);
    await expect(enrolAgent(text(revoked['token']), 'late')).rejects.toThrow(/join-token-refused/);
    const rows = (await ada.call('GET', '/join-tokens')).body['items'] as unknown as Answer[];
    expect(rows.find((row) => row['id'] === many['id'])).toMatchObject({ uses: 2, maxUses: 2 });
    expect((await ada.call('POST', '/join-tokens', { cluster: 'lab', uses: 0 })).status).toBe(400);
  });

  it('delivers a command that was a row before the agent was there, and takes its result once', async () => {
    const made = await ada.call('POST', `/agents/${agent.agent}/commands`, { kind: 'rescan', body: { image: 'x' } });
    const id = made.body['id'] as unknown as string;
    const stream = agent.stream(running.agentUrl);
    await expect.poll(() => stream.lines.filter((line) => 'command' in line)).toMatchObject([{ command: { id, kind: 'rescan', body: { image: 'x' } } }]);
    await agent.post(running.agentUrl, [{ id: `result-${id}`, kind: 'command-result', at: '2026-11-24T00:00:02.000Z', body: { command: id, ok: true } }]);
    expect((await ada.call('GET', `/commands/${id}`)).body).toMatchObject({ state: 'done', createdBy: 'ada' });
    stream.close();
  });

  it('hears of a full disk: the oldest items are dropped, counted, and a gap says from when to when', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'palisade-full-'));
    const root = process.getuid?.() === 0;
    // As root a real full disk of 3 MiB; else the spool's own bound.
    if (root) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]);
    try {
      const spool = openSpool(path.join(folder, 'spool'), { segmentBytes: 512 << 10, totalBytes: root ? 1 << 30 : 3 << 20 });
      const at = (n: number): string => new Date(Date.parse('2026-11-24T01:00:00.000Z') + n * 1000).toISOString();
      const count = 1000;
      for (let n = 0; n < count; n += 1) spool.append({ id: `full-${n}`, kind: 'from-the-future', at: at(n), body: 'x'.repeat(8000) });
      const report = createReporter(spool, agent.node, () => new Date('2026-11-24T02:00:00.000Z'));
      reportDropped(spool, report, 'node-1', () => undefined);
      const stop = new AbortController();
      const delivered = deliver({ spool, who: () => ({ url: running.agentUrl, credentials: agent }), signal: stop.signal, log: () => undefined });
      await expect.poll(() => spool.next(), { timeout: 60_000 }).toBeUndefined();
      stop.abort();
      await delivered;
      spool.close();
      const { pool } = running.context;
      const kept = (await pool.query<{ n: number; first: string }>(`select count(*)::int n, min(at) first from item_ledger where id like 'full-%'`)).rows[0];
      const gap = (await pool.query<{ count: number; since: string; until: string }>(`select count, since, until from gaps where kind = 'spool-dropped'`)).rows[0];
      expect(kept?.n).toBeGreaterThan(100);
      expect(kept?.n).toBeLessThan(count);
      // Nothing is lost uncounted: what is stored and what the gap counts are all there was, oldest first.
      expect((kept?.n ?? 0) + (gap?.count ?? 0)).toBe(count);
      expect(gap).toMatchObject({ since: at(0), until: at((gap?.count ?? 0) - 1) });
      expect(kept?.first).toBe(at(gap?.count ?? 0));
    } finally {
      if (root) execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('refuses an unsafe call without the CSRF token, and anyone without a session', async () => {
    expect(await ada.call('POST', '/join-tokens', { cluster: 'lab' }, { 'x-csrf-token': 'wrong' })).toMatchObject({ status: 403, body: { code: 'csrf-mismatch' } });
    expect(await callApi(running.url, 'GET', '/images')).toMatchObject({ status: 401, body: { code: 'not-signed-in' } });
  });

  it('refuses a revoked agent at once and ends its stream', async () => {
    const stream = agent.stream(running.agentUrl);
    await expect.poll(() => stream.lines.length).toBeGreaterThan(0);
    expect((await ada.call('POST', `/agents/${agent.agent}/revoke`)).status).toBe(200);
    expect((await agent.post(running.agentUrl, [scanItem('late', 1)])).body).toMatchObject({ code: 'certificate-refused' });
    await stream.ended;
  });
});
