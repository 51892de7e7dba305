import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshSecret, hashSecret } from '@palisade/app-console/auth/sessions';
import type { Role } from '@palisade/app-console/auth/permission';
import { judgementVersion, judgeStored } from '@palisade/app-console/ingest/judge-container';
import { cycloneDxProblem } from '@palisade/catalog/sbom/cyclonedx-schema';
import { readSbom } from '@palisade/catalog/sbom/read';
import { callApi, consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Answer, Person, TestAgent } from './console-client.ts';
import { bareNode, containerId, dockerNode } from './web-world.ts';

type Rows = { items: Record<string, unknown>[]; next: string | null; total: { count: number; exact: boolean }; facets: Record<string, Record<string, number>> };

describe('console: what the pages ask', () => {
  const place = consoleHome();
  let running: Awaited<ReturnType<typeof consoleHere>>;
  let ada: Person;
  let agent: TestAgent;

  const get = async (where: string, who: Person['call'] = ada.call): Promise<Answer> => {
    const answer = await who('GET', where);
    expect(answer, `${where} ${running.log.slice(-1)[0] ?? ''}`).toMatchObject({ status: 200 });
    return answer.body;
  };
  const query = (text: string, values: unknown[] = []): Promise<{ rows: unknown[] }> => running.context.pool.query(text, values);
  const rows = async (where: string, who?: Person['call']): Promise<Rows> => (await get(where, who)) as unknown as Rows;
  /** Calls as somebody with one role in one scope. */
  const as = async (role: Role, scope: { cluster?: string; project?: string }): Promise<Person['call']> => {
    const secret = freshSecret();
    await query(`insert into api_tokens (id, name, hash, role, cluster, project, created_by, expires_at) values ($1, 'someone', $2, $3, $4, $5, 'test', now() + interval '1 hour')`, [hashSecret(secret).slice(0, 12), hashSecret(secret), role, scope.cluster ?? '', scope.project ?? '']);
    return (method, where, body) => callApi(running.url, method, where, body, { authorization: `Bearer ${secret}` });
  };

  beforeAll(async () => {
    running = await consoleHere({ PALISADE_HOME: place.home });
    ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
  });
  afterAll(async () => {
    await running?.stop();
    place.remove();
  });

  it('says before anything has reported that nothing is watched and nothing known', async () => {
    expect(await get('/overview')).toMatchObject({ attack: { nodes: 0, watched: 0, incidents: [] }, fix: { items: [], rules: 0 }, proof: { images: 0 }, feed: null });
  });

  it('answers the three questions of the overview from what agents told', async () => {
    // What was detected has tests of its own: here nothing has happened yet.
    const quiet = dockerNode().filter(({ kind }) => kind !== 'detection');
    for (const [cluster, node, items] of [['build', 'build-02', bareNode()], ['shop', 'shop-01', quiet]] as const) {
      agent = await enrolAgent((await ada.call('POST', '/join-tokens', { cluster })).body['token'] as unknown as string, node);
      expect((await agent.post(running.agentUrl, items)).body).toMatchObject({ stored: items.length, refused: [] });
    }
    await expect.poll(async () => (await get('/overview')) as unknown, { timeout: 20_000 }).toMatchObject({
      attack: { nodes: 2, watched: 0, silent: 0, openIncidents: 0, detections24h: 0 },
      fix: { items: [{ rule: 'CVE-2021-44228', kev: true, images: 1, containers: 1, exposed: 1, fixable: 1 }, { rule: 'CVE-2022-37434', images: 2 }, {}, {}, {}], exploited: 1, secrets: 1, risky: 1 },
      blind: { notScanned: 1, failed: 1, withoutFeed: 1, withoutEngine: 1, silentNodes: 0 },
      proof: { images: 7, complete: 3, partial: 2, counts: { critical: 3, high: 5, medium: 5, low: 2 }, running: 3, nodes: 2, online: 2 },
      feed: { id: 'feed-2026-11-20' },
    });
  });

  it('counts a node as watched only when its sensor is armed, and shows incidents that are open', async () => {
    const node = dockerNode()[0]!;
    await agent.post(running.agentUrl, [{ ...node, id: 'node-armed', at: new Date().toISOString(), body: { ...(node.body as object), sensor: { state: 'armed', rules: 40 } } }]);
    const shop = (await rows('/nodes?q=shop')).items[0]!;
    await query(`insert into incidents (id, cluster, node, container_key, at, last_at, priority, detections, body) select 'inc_1', c.cluster, c.node, c.key, now(), now(), 1, 3, '{"title": {"en": "Shell in a web server", "zh-CN": "Web 服务器中出现 Shell"}}' from containers c where c.name = 'shop-web-1'`);
    expect(await get('/overview')).toMatchObject({ attack: { nodes: 2, watched: 1, openIncidents: 1, incidents: [{ id: 'inc_1', title: { en: 'Shell in a web server' }, container: { name: 'shop-web-1' }, node: shop['name'] }] } });
    await query(`update incidents set state = 'closed'`);
    expect(await get('/overview')).toMatchObject({ attack: { openIncidents: 0, incidents: [] } });
    expect((await rows('/nodes?watched=false')).items).toMatchObject([{ name: 'build-02' }]);
  });

  it('groups findings of all images by rule: filters, facets, order, pages', async () => {
    const all = await rows('/vulnerabilities?waived=false');
    expect(all).toMatchObject({ total: { count: 8, exact: true }, facets: { kind: { vulnerability: 6, secret: 1, misconfiguration: 1 }, severity: { critical: 2, high: 3, medium: 2, low: 1 } } });
    expect(all.items.map((row) => row['rule'])).toEqual(['CVE-2021-44228', 'CVE-2022-37434', 'CVE-2022-0778', 'CVE-2020-8203', 'aws-access-token', 'CVE-2023-31486', 'image-config-root-user', 'CVE-2005-2541']);
    const names = async (query: string): Promise<unknown[]> => (await rows(`/vulnerabilities?${query}`)).items.map((row) => row['rule']);
    expect(await names('kind=secret')).toEqual(['aws-access-token']);
    expect(await names('kev=true')).toEqual(['CVE-2021-44228']);
    expect(await names('fixable=false&kind=vulnerability')).toEqual(['CVE-2023-31486', 'CVE-2005-2541']);
    expect(await names('package=lodash')).toEqual(['CVE-2020-8203']);
    expect(await names('q=jndi')).toEqual(['CVE-2021-44228']);
    expect(await names('running=false')).toEqual([]);
    const image = (await rows('/images?q=legacy')).items[0]!['id'] as string;
    expect(await names(`image=${image}`)).toEqual(['CVE-2023-31486', 'CVE-2005-2541']);
    // The facet of severity counts under the filter of kind, not under its own.
    expect((await rows('/vulnerabilities?kind=secret&severity=low')).facets).toMatchObject({ severity: { high: 1, low: 0 }, kind: { secret: 0, vulnerability: 1 } });
    const paged: string[] = [];
    let cursor = '';
    do {
      const page: Rows = await rows(`/vulnerabilities?limit=3&sort=severity${cursor}`);
      paged.push(...page.items.map((row) => row['rule'] as string));
      cursor = page.next === null ? '' : `&cursor=${page.next}`;
    } while (cursor !== '');
    expect(paged).toHaveLength(8);
    expect(new Set(paged)).toEqual(new Set(all.items.map((row) => row['rule'] as string)));
  });

  it('tells of one rule where it is and what fixes it', async () => {
    const detail = await get('/vulnerabilities/vulnerability/CVE-2022-0778');
    expect(detail).toMatchObject({ rule: 'CVE-2022-0778', images: 3, containers: 2, exposed: 2, fixes: [{ name: 'openssl', fixed: '1.1.1n-0+deb11u1' }] });
    // How many parts there are depends on whether the console has judged the image anew by now.
    expect(((detail['worst'] as Answer)['priority'] as Answer)['parts'] as unknown).toContainEqual(expect.objectContaining({ name: 'severity' }));
    expect(new Set((await rows('/vulnerabilities/vulnerability/CVE-2022-0778/images')).items.map((row) => row['name']))).toEqual(new Set(['/', 'shop/api:2.4.1', 'shop/web:1.9.0']));
    expect((await rows('/vulnerabilities/vulnerability/CVE-2022-0778/containers')).items.map((row) => [row['name'], row['state'], row['exposed']])).toEqual([['shop-api-1', 'running', true], ['shop-web-1', 'running', true], ['shop-web-2', 'paused', false]]);
    expect((await ada.call('GET', '/vulnerabilities/secret/CVE-2022-0778')).status).toBe(404);
  });

  it('shows the machines with their agents, engines and gaps', async () => {
    const nodes = (await rows('/nodes')).items;
    expect(nodes).toMatchObject([
      { name: 'build-02', contact: 'online', engines: [{ state: 'absent' }], containers: 0, host: { counts: { high: 1, medium: 1 }, status: 'partial' }, sensor: null },
      { name: 'shop-01', contact: 'online', clusterName: 'shop', version: 'test', containers: 5, running: 3, images: 6, host: null },
    ]);
    expect((await rows('/nodes?engine=none')).items).toMatchObject([{ name: 'build-02' }]);
    await query(`update agents set seen_at = now() - interval '10 minutes' where node = $1`, [nodes[0]!['id']]);
    expect((await rows('/nodes?contact=silent')).items).toMatchObject([{ name: 'build-02', contact: 'silent' }]);
    expect(await get('/overview')).toMatchObject({ blind: { silentNodes: 1 }, proof: { online: 1 } });
  });

  it('judges how containers run when they are stored, and again when the rules are newer', async () => {
    const worst = (await rows('/containers')).items;
    expect(worst[0]).toMatchObject({ name: 'shop-api-1', worst: 'critical', exposed: true, privileged: true, image: { counts: { critical: 2 } } });
    expect((worst[0]!['risks'] as string[]).filter((rule) => /socket|privileged|capability/.test(rule))).toHaveLength(3);
    expect((await rows('/containers?risk=workload-config-engine-socket')).items).toHaveLength(1);
    expect((await rows('/containers?state=paused')).items).toMatchObject([{ name: 'shop-web-2' }]);
    const risks = (await rows('/workload-risks')).items;
    expect(risks[0]).toMatchObject({ severity: 'critical', containers: 1, running: 1 });
    await query(`update containers set risks = '{}', worst = 9, judged = $1`, [judgementVersion - 1]);
    expect(await judgeStored(running.context.db)).toBe(5);
    expect((await rows('/workload-risks')).items).toEqual(risks);
    const detail = await get(`/containers/${worst[0]!['id'] as string}`);
    expect(detail).toMatchObject({ container: { mounts: [{ destination: '/var/run/docker.sock' }, {}], listening: [{ port: 8080 }, {}] }, isolated: true, possible: ['pause', 'reconnect', 'collect', 'stop', 'kill'] } as never);
    expect((detail['findings'] as unknown as { severity: string }[]).map((finding) => finding.severity).slice(0, 4)).toEqual(['critical', 'critical', 'high', 'medium']);
  });

  it('asks the agent to act on a container, and keeps who asked and what came of it', async () => {
    const [api] = (await rows('/containers?q=shop-api')).items;
    const where = `/containers/${api!['id'] as string}`;
    expect(await ada.call('POST', `${where}/actions`, { action: 'unpause' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(await (await as('viewer', {}))('POST', `${where}/actions`, { action: 'pause' })).toMatchObject({ status: 403 });
    expect(await (await as('approver', { cluster: 'other' }))('POST', `${where}/actions`, { action: 'pause' })).toMatchObject({ status: 404 });
    const { id } = (await ada.call('POST', `${where}/actions`, { action: 'pause' })).body as unknown as { id: string };
    const stream = agent.stream(running.agentUrl);
    await expect.poll(() => stream.lines.filter((line) => 'command' in line)).toMatchObject([{ command: { id, kind: 'pause', body: { container: containerId('shop-api-1') } } }]);
    await agent.post(running.agentUrl, [{ id: `result-${id}`, kind: 'command-result', at: new Date().toISOString(), body: { command: id, ok: false, message: 'the engine refused' } }]);
    stream.close();
    expect(await get(where)).toMatchObject({ actions: [{ id, action: 'pause', state: 'failed', message: 'the engine refused', createdBy: 'ada' }] } as never);
    const trail = await query(`select actor, action from audit where action like 'container.%'`);
    expect(trail.rows).toEqual([{ actor: 'ada', action: 'container.pause' }]);
  });

  it('keeps every gap, open and ended, by kind', async () => {
    const open = await rows('/gaps');
    expect(open.items.every((gap) => gap['until'] === null)).toBe(true);
    expect((await rows('/gaps?state=ended')).items).toMatchObject([{ kind: 'engine-absent', subject: 'docker', node: { name: 'shop-01' }, remedy: { 'zh-CN': '启动 Docker。' } }]);
    const groups = (await rows('/gap-groups')).items;
    expect(groups.reduce((sum, group) => sum + (group['gaps'] as number), 0)).toBe(open.total.count);
    expect(groups.find((group) => group['kind'] === 'unreadable')).toMatchObject({ gaps: 1, count: 14, nodes: 1 });
    expect((await rows('/gaps?kind=limit-entries')).items).toMatchObject([{ image: { name: 'shop/web:1.9.0' } }]);
  });

  it('writes an image as CycloneDX and SPDX, with what is not known, for whoever may see the image', async () => {
    const image = (await rows('/images?q=shop/web')).items[0]!;
    const ask = (format: string, id = image['id'] as string): Promise<Response> => fetch(`${running.url}/api/v1/images/${id}/sbom?format=${format}`, { headers: { cookie: ada.cookie } });
    const cyclone = await ask('cyclonedx');
    expect([cyclone.status, cyclone.headers.get('content-disposition')]).toEqual([200, 'attachment; filename="shop-web-1.9.0.cdx.json"']);
    const text = await cyclone.text();
    expect(cycloneDxProblem('1.6', JSON.parse(text))).toBeUndefined();
    expect(readSbom(Buffer.from(text), 'x.json').packages).toHaveLength(image['packages'] as number);
    expect(text).toContain('palisade:gap:limit-entries');
    const spdx = (await (await ask('spdx')).json()) as { spdxVersion: string; packages: unknown[]; annotations: { comment: string }[] };
    expect([spdx.spdxVersion, spdx.packages.length]).toEqual(['SPDX-2.3', (image['packages'] as number) + 1]);
    expect(spdx.annotations.some(({ comment }) => comment.includes('limit-entries'))).toBe(true);
    expect((await ask('cyclonedx', (await rows('/images?status=not-scanned')).items[0]!['id'] as string)).status).toBe(409);
    expect(await (await as('viewer', { cluster: 'other' }))('GET', `/images/${image['id'] as string}/sbom`)).toMatchObject({ status: 404 });
  });

  it('shows an asker of one project only what that project uses', async () => {
    const shop = (await rows('/nodes?q=shop')).items[0]!['cluster'] as string;
    const carl = await as('viewer', { cluster: shop, project: 'shop' });
    expect((await rows('/containers', carl)).total.count).toBe(4);
    expect((await rows('/vulnerabilities?sort=rule', carl)).items).toMatchObject([{ rule: 'CVE-2005-2541', images: 1 }, { rule: 'CVE-2020-8203', containers: 1 }, { rule: 'CVE-2021-44228' }, { rule: 'CVE-2022-0778', images: 2, containers: 2, exposed: 2 }, {}, {}, {}, {}]);
    expect((await rows('/nodes', carl)).items).toEqual([]);
    expect((await rows('/gaps', carl)).items.map((gap) => gap['kind'])).toEqual(['limit-entries']);
    expect(await get('/overview', carl)).toMatchObject({ attack: { nodes: 0 }, proof: { containers: 4, images: 3 } });
  });

  it('lets nobody in without a session, on any route', async () => {
    const api = (await (await fetch(`${running.url}/api/openapi.json`)).json()) as { paths: Record<string, Record<string, unknown>> };
    // Signing in and setting up are for whoever holds a password or a one-time link.
    const open = /^(GET \/(healthz|readyz)|(GET|POST) \/api\/v1\/(session|session\/link|setup))$/;
    let asked = 0;
    for (const [path, methods] of Object.entries(api.paths)) {
      for (const method of Object.keys(methods).map((name) => name.toUpperCase())) {
        if (open.test(`${method} ${path}`)) continue;
        const response = await fetch(`${running.url}${path.replaceAll(/\{[^}]+\}/g, 'x')}`, { method });
        expect(response.status, `${method} ${path}`).toBe(401);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(20);
  });
});
