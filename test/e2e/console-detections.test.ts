import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deterministicId } from '@palisade/model/id';
import type { Detection } from '@palisade/model/detection';
import type { Item } from '@palisade/model/wire';
import { callApi, person, startLab } from './console-client.ts';
import type { Answer, Lab } from './console-client.ts';
import { containerItem } from './console-documents.ts';

const start = Date.now() - 3_600_000;
const container = 'a'.repeat(64);

/** One telling of a detection, `minute` minutes after the start of the test's hour. */
function told(name: string, minute: number, more: Partial<Detection> = {}): Item {
  const at = new Date(start + minute * 60_000).toISOString();
  const body: Detection = {
    id: deterministicId('det', name), at, lastAt: at, count: 1, folded: false, rule: name, priority: 'Warning', tags: ['mitre_execution', 'T1059'], container, containerName: 'web-1', title: { en: `${name} happened`, 'zh-CN': `发生了 ${name}` },
    output: `${name} by sh`, fields: { 'proc.name': 'sh' }, action: 'alerted',
    tree: [{ pid: 10, start: 5, name: 'init', path: '/init', command: 'init', guilty: true, container }, { pid: 20, start: 9, parent: 10, name: 'sh', path: '/bin/sh', command: 'sh -c id', guilty: true, container }],
    ...more,
  };
  return { id: deterministicId('itm', name, String(minute), JSON.stringify(more)), kind: 'detection', at: body.lastAt, body };
}
const items = (answer: { body: Answer }): Answer[] => answer.body['items'] as unknown as Answer[];

describe('console: from a detection to an incident', () => {
  let lab: Lab;
  let { running, ada, agent } = {} as Lab;

  beforeAll(async () => {
    lab = await startLab();
    ({ running, ada, agent } = lab);
  });
  afterAll(() => lab?.end());

  it('keeps one row for what is told again, adding counts', async () => {
    const first = told('shell', 0);
    const more = told('shell', 0, { count: 41, lastAt: new Date(start + 60_000).toISOString(), around: { secondsBefore: 30, secondsAfter: 5, dropped: false, left: 0, events: [{ offset: -1, type: 'exec', pid: 20, process: 'sh', user: 0, path: '/bin/sh' }] } });
    expect((await agent.post(running.agentUrl, [first, more, told('shell', 0, { count: 0 })])).body).toMatchObject({ stored: 3, refused: [] });
    expect((await agent.post(running.agentUrl, [more])).body).toMatchObject({ duplicates: 1 });
    const rows = items(await ada.call('GET', '/detections'));
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ rule: 'shell', count: 42, priority: 'Warning', tactics: ['execution'], state: 'open' });
    const detail = await ada.call('GET', `/detections/${deterministicId('det', 'shell')}`);
    expect(detail.body).toMatchObject({ detection: { around: { secondsBefore: 30, events: [{ type: 'exec' }] } }, process: { pid: 20, name: 'sh' } });
  });

  it('makes one incident of a container\'s detections within half an hour, and says why it is compromised', async () => {
    await agent.post(running.agentUrl, [told('cron', 20, { tags: ['mitre_persistence'] }), told('late', 51), told('elsewhere', 25, { container: 'b'.repeat(64), tree: [] }), told('note', 22, { priority: 'Notice', container: 'c'.repeat(64), tree: [] })]);
    const incidents = items(await ada.call('GET', '/incidents'));
    expect(incidents.map((one) => [one['detections'], one['verdict']])).toEqual([[1, 'suspicious'], [1, 'suspicious'], [2, 'compromised']]);
    const { id } = incidents[2] as unknown as { id: string };
    const detail = (await ada.call('GET', `/incidents/${id}`)).body;
    expect(JSON.stringify(detail['reasons'])).toContain('Execution, Persistence');
    expect(items(await ada.call('GET', `/detections?incident=${id}`)).map((one) => one['rule'])).toEqual(['cron', 'shell']);
    const attack = (await ada.call('GET', '/overview')).body['attack'];
    expect(attack).toMatchObject({ openIncidents: 3, detections24h: 5 });
  });

  it('filters and groups', async () => {
    expect(items(await ada.call('GET', '/detections?tactic=persistence')).map((one) => one['rule'])).toEqual(['cron']);
    expect(items(await ada.call('GET', '/detections?priority=Warning&sort=priority'))).toHaveLength(4);
    expect(items(await ada.call('GET', '/detection-groups?by=rule')).at(-1)).toMatchObject({ key: 'note', priority: 'Notice', detections: 1 });
  });

  it('audits state and owner, and asks the agent for a response', async () => {
    const { id } = items(await ada.call('GET', '/incidents?verdict=compromised'))[0] as unknown as { id: string };
    expect((await ada.call('PATCH', `/incidents/${id}`, { state: 'investigating', owner: 'ada' })).status).toBe(200);
    expect((await ada.call('GET', `/incidents/${id}`)).body).toMatchObject({ state: 'investigating', owner: 'ada', changes: [{ actor: 'ada' }, { actor: 'ada' }] });
    const detection = deterministicId('det', 'shell');
    const stream = agent.stream(running.agentUrl);
    expect((await ada.call('POST', `/detections/${detection}/actions`, { action: 'kill-process' })).status).toBe(200);
    await expect.poll(() => JSON.stringify(stream.lines), { timeout: 10_000 }).toContain('"kill-process"');
    stream.close();
    expect(JSON.stringify(stream.lines)).toContain('"pid":20,"start":9');
    expect((await ada.call('GET', `/detections/${detection}`)).body).toMatchObject({ actions: [{ action: 'kill-process', createdBy: 'ada' }] });
    expect((await ada.call('POST', `/detections/${detection}/state`, { state: 'closed' })).status).toBe(200);
    expect(JSON.stringify((await ada.call('GET', '/audit')).body)).toContain('detection.state');
  });

  it('shows a narrow role only what is in its scope', async () => {
    await agent.post(running.agentUrl, [containerItem('shop-1', 'shop/web')]);
    const made = await ada.call('POST', '/users', { name: 'bo', grants: [{ role: 'viewer', scope: { project: 'shop' } }] });
    const token = new URL(made.body['link'] as unknown as string).searchParams.get('token');
    expect((await callApi(running.url, 'POST', '/session/link', { token, password: 'correct horse battery' })).status).toBe(200);
    const bo = await person(running.url, { name: 'bo', password: 'correct horse battery' });
    expect(items(await bo.call('GET', '/detections'))).toEqual([]);
    expect((await bo.call('GET', `/detections/${deterministicId('det', 'shell')}`)).status).toBe(404);
  });
});
