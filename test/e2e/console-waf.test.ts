import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { desiredPolicy } from '@palisade/app-console/responses/desired';
import { deterministicId } from '@palisade/model/id';
import type { Item } from '@palisade/model/wire';
import { startLab } from './console-client.ts';
import type { Lab } from './console-client.ts';
import { containerItem, scanItem } from './console-documents.ts';

const site = `apiVersion: palisade/v1
kind: WafSite
metadata: {name: shop-front, scope: {}, owner: console}
spec: {where: {image: "shop/*"}, ports: [8080], mode: block, virtualPatches: true}
`;
const patches = [{ rule: 7, cves: ['CVE-2026-1000'] }];

function event(id: string, action: 'blocked' | 'logged', client: string, ...more: object[]): Item {
  const at = new Date(Date.now() - 60_000).toISOString();
  const matches = [{ rule: 942_100, msg: 'SQL', tags: ['attack-sqli'], severity: 'critical', variable: 'ARGS:q', offset: 0, bytes: "1' or 1" }, ...more];
  return { id: deterministicId('itm', 'waf-event', id), kind: 'waf-event', at, body: { time: at, id, site: 'web-1:8080', client, method: 'GET', host: 'shop', path: '/search', mode: 'block', action, status: 403, scores: { total: 5, bySeverity: {} }, matches, gaps: [], took_us: 100 } };
}

describe('console: protected sites', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab();
    const xss = { rule: 941_100, msg: 'XSS', tags: [], severity: 'critical', variable: 'ARGS:r', offset: 0, bytes: '<' };
    const items = [scanItem('shop/web', 3), containerItem('web-1', 'shop/web'), event('e1', 'blocked', '192.0.2.1'), event('e2', 'logged', '192.0.2.2'), event('e3', 'blocked', '192.0.2.2', xss), event('e4', 'blocked', '192.0.2.2', { ...xss, variable: 'ARGS:a b' })];
    expect((await lab.agent.post(lab.running.agentUrl, items)).body).toMatchObject({ stored: items.length, refused: [] });
  });
  afterAll(() => lab?.end());

  it('makes exclusions from hits, says first what they concern, and tells agents with the documents', async () => {
    const { ada, running } = lab;
    const made = await ada.call('POST', '/documents', { text: site, version: 0 });
    expect(made.status).toBe(200);
    expect((await ada.call('GET', '/waf/sources')).body).toMatchObject({ items: [{ client: '192.0.2.2', events: 3, blocked: 2 }, { client: '192.0.2.1', events: 1, blocked: 1 }] });
    const events = (await ada.call('GET', '/waf/events?q=e1')).body['items'] as unknown as { id: string }[];
    const place = `/waf/events/${encodeURIComponent(events[0]!.id)}/exclusion`;
    expect((await ada.call('GET', `${place}?rule=942100&variable=ARGS:q`)).body).toEqual({ exclusion: { rule: 942_100, method: 'GET', path: '/search', variable: 'ARGS:q' }, why: null, events: 4, blocked: 3, clients: 2, onlyThis: 2 });
    expect((await ada.call('GET', `${place}?rule=941100&variable=${encodeURIComponent('ARGS:a b')}`)).body).toMatchObject({ exclusion: null, why: expect.stringContaining('variable') as string, events: 1 });
    const wanted = { rule: 942_100, variable: 'ARGS:q', document: made.body['id'], version: 1, reason: 'people search for SQL', until: '2999-01-31' };
    expect((await ada.call('POST', place, { ...wanted, version: 9 })).status).toBe(409);
    expect(await ada.call('POST', place, wanted)).toMatchObject({ status: 200, body: { version: 2, document: { spec: { exclusions: [{ rule: 942_100, variable: 'ARGS:q', reason: 'people search for SQL', until: '2999-01-31' }] } } } });
    const cluster = (await running.context.pool.query<{ id: string }>('select id from clusters')).rows[0]!.id;
    expect((await desiredPolicy(running.context.db, cluster, patches)).documents).toMatchObject([{ kind: 'WafSite', spec: { exclusions: [{ rule: 942_100 }] } }]);
  });

  it('names vulnerable images for virtual patches while they run, and another revision when they don\'t', async () => {
    const { running, agent } = lab;
    const cluster = (await running.context.pool.query<{ id: string }>('select id from clusters')).rows[0]!.id;
    await expect.poll(async () => (await desiredPolicy(running.context.db, cluster, patches)).vulnerable, { timeout: 30_000 }).toEqual([{ image: `sha256:${deterministicId('x', 'shop/web')}`, cves: ['CVE-2026-1000'] }]);
    const before = await desiredPolicy(running.context.db, cluster, patches);
    expect((await desiredPolicy(running.context.db, cluster, [{ rule: 7, cves: ['CVE-1999-1'] }])).vulnerable).toBeUndefined();
    await agent.post(running.agentUrl, [containerItem('web-1', 'shop/web', 'exited', new Date().toISOString())]);
    await expect.poll(async () => (await desiredPolicy(running.context.db, cluster, patches)).vulnerable, { timeout: 30_000 }).toBeUndefined();
    expect((await desiredPolicy(running.context.db, cluster, patches)).revision).not.toBe(before.revision);
  });
});
