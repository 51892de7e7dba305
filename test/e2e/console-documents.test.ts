import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callApi, consoleHere, consoleHome, enrolAgent, person } from './console-client.ts';
import type { Answer, Person, TestAgent } from './console-client.ts';
import { containerItem, scanItem } from './console-documents.ts';

const rows = (answer: { body: Answer }): Answer[] => answer.body['items'] as unknown as Answer[];
const text = (value: unknown): string => String(value);

const policy = (name: string, when = 'finding.severity == "critical"', scope = '{}', owner = 'console'): string =>
  `# kept as written\napiVersion: palisade/v1\nkind: GatePolicy\nmetadata: {name: ${name}, scope: ${scope}, owner: ${owner}}\nspec:\n  mode: enforce\n  onPartial: allow\n  onUnknown: allow\n  rules:\n    - {id: severe, when: '${when}', then: deny}\n`;
const waiver = (name: string, more: { rule?: string; scope?: string; until?: string; owner?: string; where?: string } = {}): string =>
  `apiVersion: palisade/v1\nkind: Waiver\nmetadata: {name: ${name}, scope: ${more.scope ?? '{}'}, owner: ${more.owner ?? 'console'}}\nspec:\n  target: vulnerability\n  match: {rule: ${more.rule ?? 'CVE-2026-1000'}}\n  where: ${more.where ?? '{}'}\n  reason: not reachable\n${more.until === undefined ? '' : `  until: {date: ${more.until}}\n`}`;

describe('console: what people declare', () => {
  const place = consoleHome();
  let running: Awaited<ReturnType<typeof consoleHere>>;
  let ada: Person;
  let agent: TestAgent;
  const people: Record<string, Person> = {};

  /** A user of that name with one role, signed in by the one-time link. */
  const join = async (name: string, role: string, scope: object = {}): Promise<Person> => {
    const made = await ada.call('POST', '/users', { name, grants: [{ role, scope }] });
    expect(made.status).toBe(200);
    const token = new URL(text(made.body['link'])).searchParams.get('token');
    const password = `password of ${name}`;
    expect((await callApi(running.url, 'POST', '/session/link', { token, password })).status).toBe(200);
    // Single use.
    expect(await callApi(running.url, 'POST', '/session/link', { token, password })).toMatchObject({ status: 403, body: { code: 'link-refused' } });
    return person(running.url, { name, password });
  };
  const image = async (name: string): Promise<Answer> => rows(await ada.call('GET', `/images?q=${encodeURIComponent(name)}`))[0] ?? {};
  const verdict = async (name: string): Promise<string> => text((await image(name))['verdict']);

  beforeAll(async () => {
    running = await consoleHere({ PALISADE_HOME: place.home });
    ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
    const token = text((await ada.call('POST', '/join-tokens', { cluster: 'lab' })).body['token']);
    agent = await enrolAgent(token, 'node-1');
    // shop/web runs in project shop; pay/api runs nowhere.
    await agent.post(running.agentUrl, [scanItem('shop/web', 4), containerItem('web-1', 'shop/web'), scanItem('pay/api', 2)]);
    for (const role of ['viewer', 'analyst', 'approver', 'admin']) people[role] = await join(role, role);
    people['shop'] = await join('shopper', 'approver', { project: 'shop' });
  });
  afterAll(async () => {
    await running?.stop();
    place.remove();
  });

  it('lets each role do what it may, and no more', async () => {
    const tries: readonly [string, string, unknown, Record<string, number>][] = [
      ['GET', '/documents', undefined, { viewer: 200, analyst: 200, approver: 200, admin: 200, shop: 200 }],
      ['POST', '/documents', { text: policy('matrix'), version: 0 }, { viewer: 403, analyst: 403, shop: 403, approver: 200, admin: 409 }],
      ['POST', '/documents', { text: policy('matrix-shop', 'true', '{project: shop}'), version: 0 }, { viewer: 403, analyst: 403, shop: 200, approver: 409 }],
      ['POST', '/documents', { text: waiver('matrix-w'), version: 0 }, { viewer: 403, shop: 403, analyst: 200, approver: 409 }],
      ['POST', '/policies/try', { text: policy('x') }, { viewer: 403, analyst: 403, shop: 403, approver: 200 }],
      ['GET', '/users', undefined, { viewer: 403, analyst: 403, approver: 403, shop: 403, admin: 200 }],
      ['GET', '/tokens', undefined, { viewer: 403, analyst: 403, approver: 403, shop: 403, admin: 200 }],
      ['GET', '/audit', undefined, { viewer: 403, analyst: 403, approver: 403, shop: 403, admin: 200 }],
      ['GET', '/feeds', undefined, { viewer: 200, shop: 200, admin: 200 }],
      ['GET', '/feeds/pull', undefined, { viewer: 403, approver: 403, shop: 403, admin: 200 }],
    ];
    for (const [method, where, body, wanted] of tries) {
      for (const [who, status] of Object.entries(wanted)) expect([method, where, who, (await people[who]?.call(method, where, body))?.status]).toEqual([method, where, who, status]);
    }
    expect(await people['approver']?.call('POST', '/documents', { text: policy('x') }, { 'x-csrf-token': 'wrong' })).toMatchObject({ status: 403, body: { code: 'csrf-mismatch' } });
    for (const name of ['matrix', 'matrix-shop', 'matrix-w']) {
      const found = rows(await ada.call('GET', `/documents?q=${name}`)).find((row) => text(row['name']) === name);
      expect((await ada.call('DELETE', `/documents/${text(found?.['id'])}?version=${text(found?.['version'])}`)).status).toBe(200);
    }
  });

  it('shows a narrow role its own documents and those that concern everyone, not another project\'s', async () => {
    const pay = await ada.call('POST', '/documents', { text: policy('pay-only', 'false', '{project: pay}') });
    const shop = await ada.call('POST', '/documents', { text: policy('shop-only', 'false', '{project: shop}') });
    const all = await ada.call('POST', '/documents', { text: policy('for-all', 'false') });
    const names = rows((await people['shop']?.call('GET', '/documents')) ?? { body: {} }).map((row) => text(row['name']));
    expect(names).toEqual(['for-all', 'shop-only']);
    expect((await people['shop']?.call('GET', `/documents/${text(pay.body['id'])}`))?.status).toBe(404);
    expect((await people['shop']?.call('GET', `/documents/${text(pay.body['id'])}/history`))?.status).toBe(404);
    expect((await people['shop']?.call('DELETE', `/documents/${text(all.body['id'])}`))?.status).toBe(403);
    for (const made of [pay, shop, all]) await ada.call('DELETE', `/documents/${text(made.body['id'])}`);
  });

  it('keeps versions, refuses a stale one, keeps history with its diff and the text as written', async () => {
    const made = await ada.call('POST', '/documents', { text: policy('versions', 'false') });
    const id = text(made.body['id']);
    expect(made.body).toMatchObject({ version: 1, state: 'active', text: policy('versions', 'false') });
    const second = policy('versions', 'false').replace('id: severe', 'id: renamed');
    expect((await ada.call('PUT', `/documents/${id}`, { text: second, version: 1 })).body).toMatchObject({ version: 2 });
    expect(await ada.call('PUT', `/documents/${id}`, { text: policy('versions', 'true'), version: 1 })).toMatchObject({ status: 409, body: { code: 'conflict', about: { version: 2 } } });
    expect(await ada.call('PUT', `/documents/${id}`, { text: policy('other', 'true'), version: 2 })).toMatchObject({ status: 422 });
    const history = rows(await ada.call('GET', `/documents/${id}/history`));
    expect(history).toMatchObject([{ version: 2, action: 'changed', changedBy: 'ada' }, { version: 1, action: 'created' }]);
    expect(text(history[0]?.['diff'])).toContain("-    - {id: severe, when: 'false', then: deny}\n+    - {id: renamed, when: 'false', then: deny}");
    expect((await ada.call('DELETE', `/documents/${id}?version=1`)).status).toBe(409);
    expect((await ada.call('DELETE', `/documents/${id}?version=2`)).status).toBe(200);
  });

  it('names path, line and cause of what is wrong', async () => {
    const bad = await ada.call('POST', '/documents', { text: policy('bad', 'findng.x == 1') });
    expect(bad).toMatchObject({ status: 422, body: { code: 'invalid-document', about: { line: 10 } } });
    expect(text(bad.body['detail'])).toContain('unknown variable "findng"');
    const typo = await ada.call('POST', '/documents', { text: `${policy('bad', 'true')}  typo: 1\n` });
    expect(text(typo.body['detail'])).toMatch(/document:11:\d+: spec\.typo/);
    expect(text((await ada.call('POST', '/documents', { text: 'kind: Nonsense' })).body['detail'])).toContain('"Nonsense" is not known');
    expect(text((await ada.call('POST', '/documents', { text: policy('bad', 'true', '{cluster: nowhere}') })).body['detail'])).toContain('there is no cluster "nowhere"');
    expect((await ada.call('POST', '/documents/check', { text: policy('bad', 'x.y'), file: 'gate.yaml' })).body['faults']).toMatchObject([{ file: 'gate.yaml', line: 10 }]);
  });

  it('tries a draft against stored images, then judges them all when it is saved, and again when it is switched off', async () => {
    // The rounds of the policies removed before must have ended.
    await expect.poll(async () => [await verdict('shop/web'), await verdict('pay/api')], { timeout: 20_000 }).toEqual(['none', 'none']);
    const draft = policy('gate', 'finding.severity == "critical"');
    const trial = await people['approver']?.call('POST', '/policies/try', { text: draft });
    expect(trial).toMatchObject({ status: 200, body: { tried: 2, of: 2, after: { deny: 2 }, changes: [{ before: 'none', after: 'deny', reasons: [{ policy: 'gate', rule: 'severe' }] }, { after: 'deny' }] } });
    expect(await verdict('shop/web')).toBe('none');
    const made = await people['approver']?.call('POST', '/documents', { text: draft, version: 0 });
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('deny');
    const off = await ada.call('POST', `/policies/${text(made?.body['id'])}/state`, { state: 'inactive', version: 1 });
    expect(off).toMatchObject({ status: 200, body: { state: 'inactive' } });
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('none');
    await expect.poll(async () => (await ada.call('GET', `/tasks/${text(off.body['task'])}`)).body['state']).toBe('done');
    await ada.call('POST', `/policies/${text(made?.body['id'])}/state`, { state: 'active', version: 2 });
    await expect.poll(() => verdict('pay/api'), { timeout: 20_000 }).toBe('deny');
  });

  it('takes a waiver from request to approval by another, into findings and verdict, and to its end', async () => {
    const { analyst, approver } = people;
    const preview = await analyst?.call('POST', '/waivers/preview', { text: waiver('w', { where: '{image: "shop/*"}' }) });
    expect(preview).toMatchObject({ status: 200, body: { findings: 1, images: 1, exact: true, samples: [{ rule: 'CVE-2026-1000', imageName: 'shop/web:1' }] } });
    const made = await analyst?.call('POST', '/documents', { text: waiver('w', { rule: 'CVE-2026-100*' }) });
    const id = text(made?.body['id']);
    expect(made?.body).toMatchObject({ state: 'requested', document: { spec: { requestedBy: 'analyst' } } });
    expect((await analyst?.call('POST', `/waivers/${id}/approve`, { version: 1 }))?.status).toBe(403);
    expect(await verdict('shop/web')).toBe('deny');
    expect((await approver?.call('POST', `/waivers/${id}/approve`, { version: 1, note: 'agreed' }))?.body).toMatchObject({ state: 'active', decidedBy: 'approver', document: { spec: { approvedBy: 'approver' } } });
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('allow');
    expect(await image('shop/web')).toMatchObject({ findings: 0 });
    const findings = await ada.call('GET', `/images/${text((await image('shop/web'))['id'])}/findings`);
    expect(rows(findings).map((row) => text(row['waivedBy']?.['name']))).toEqual(['w', 'w', 'w', 'w']);
    await expect.poll(async () => rows(await ada.call('GET', '/waivers'))[0]).toMatchObject({ name: 'w', standing: 'in-use', findings: 6, images: 2 });
    expect((await ada.call('GET', `/waivers/${id}`)).body['where']).toHaveLength(2);
    // An end in the past: it counts no longer and says so. Changing it asks for a new approval.
    const ended = await analyst?.call('PUT', `/documents/${id}`, { text: waiver('w', { rule: 'CVE-2026-100*', until: '2020-01-01' }), version: 2 });
    expect(ended?.body).toMatchObject({ state: 'requested' });
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('deny');
    await approver?.call('POST', `/waivers/${id}/approve`, { version: 3 });
    await expect.poll(async () => rows(await ada.call('GET', '/waivers'))[0]).toMatchObject({ standing: 'expired', findings: 0 });
    expect(await verdict('shop/web')).toBe('deny');
    expect((await analyst?.call('DELETE', `/documents/${id}`))?.status).toBe(200);
  });

  it('never lets anyone approve their own request, not by a token either', async () => {
    const own = await people['approver']?.call('POST', '/documents', { text: waiver('own', { rule: 'CVE-9' }) });
    expect(await people['approver']?.call('POST', `/waivers/${text(own?.body['id'])}/approve`, { version: 1 })).toMatchObject({ status: 403, body: { code: 'self-approval' } });
    const token = text((await people['admin']?.call('POST', '/tokens', { name: 'ci', role: 'approver', days: 1 }))?.body['token']);
    const bearer = { authorization: `Bearer ${token}` };
    const byToken = await callApi(running.url, 'POST', '/documents', { text: waiver('by-token', { rule: 'CVE-9' }) }, bearer);
    expect(byToken.body).toMatchObject({ state: 'requested', document: { spec: { requestedBy: 'admin' } } });
    expect(await people['admin']?.call('POST', `/waivers/${text(byToken.body['id'])}/approve`, { version: 1 })).toMatchObject({ body: { code: 'self-approval' } });
    expect(await ada.call('POST', `/waivers/${text(byToken.body['id'])}/reject`, { version: 1, note: 'a fix is out' })).toMatchObject({ body: { state: 'rejected', decisionNote: 'a fix is out' } });
    await expect.poll(async () => rows(await ada.call('GET', '/waivers?q=own'))[0]).toMatchObject({ standing: 'requested' });
  });

  it('keeps a project\'s waiver to its project', async () => {
    const made = await people['shop']?.call('POST', '/documents', { text: waiver('shop-w', { rule: '"*"', scope: '{project: shop}' }) });
    expect((await people['approver']?.call('POST', `/waivers/${text(made?.body['id'])}/approve`, { version: 1 }))?.status).toBe(200);
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('allow');
    expect(await verdict('pay/api')).toBe('deny');
    // The same image in a second project, whose waiver it is not: no longer waived as a whole.
    const other = containerItem('other-1', 'shop/web');
    await agent.post(running.agentUrl, [{ ...other, body: { ...(other.body as object), project: 'other' } }]);
    await expect.poll(() => verdict('shop/web'), { timeout: 20_000 }).toBe('deny');
    await ada.call('DELETE', `/documents/${text(made?.body['id'])}`);
  });

  it('owns nothing that git owns: apply brings it, export gives it back, prune removes it, pages only read it', async () => {
    const token = text((await ada.call('POST', '/tokens', { name: 'git', role: 'approver', days: 1 })).body['token']);
    const bearer = { authorization: `Bearer ${token}` };
    const both = `${policy('from-git', 'false', '{}', 'git')}---\n${waiver('git-w', { rule: 'CVE-5', owner: 'git' })}`;
    const apply = (body: object): ReturnType<typeof callApi> => callApi(running.url, 'POST', '/documents/apply', body, bearer);
    expect(rows(await apply({ text: both, dryRun: true })).map((row) => text(row['result']))).toEqual(['created', 'created']);
    expect(rows(await ada.call('GET', '/documents?owner=git'))).toEqual([]);
    expect(rows(await apply({ text: both }))).toMatchObject([{ result: 'created', state: 'active' }, { result: 'created', state: 'active' }]);
    expect(rows(await apply({ text: both })).map((row) => text(row['result']))).toEqual(['unchanged', 'unchanged']);
    const exported = text((await callApi(running.url, 'GET', '/documents/export?owner=git', undefined, bearer)).body['text']);
    expect(rows(await apply({ text: exported })).map((row) => text(row['result']))).toEqual(['unchanged', 'unchanged']);
    const [row] = rows(await ada.call('GET', '/documents?owner=git&kind=GatePolicy'));
    expect(await ada.call('PUT', `/documents/${text(row?.['id'])}`, { text: policy('from-git', 'true'), version: 1 })).toMatchObject({ status: 403, body: { code: 'owned-by-git' } });
    expect(await ada.call('DELETE', `/documents/${text(row?.['id'])}`)).toMatchObject({ body: { code: 'owned-by-git' } });
    expect(await ada.call('POST', `/policies/${text(row?.['id'])}/state`, { state: 'inactive', version: 1 })).toMatchObject({ body: { code: 'owned-by-git' } });
    // All or nothing: one fault and nothing is stored.
    expect((await apply({ text: `${policy('half', 'false', '{}', 'git')}---\nkind: Nonsense\n` })).status).toBe(422);
    expect(rows(await ada.call('GET', '/documents?q=half'))).toEqual([]);
    const pruned = rows(await apply({ text: policy('from-git', 'false', '{}', 'git'), prune: true }));
    expect(pruned.map((item) => [text(item['name']), text(item['result'])])).toContainEqual(['git-w', 'removed']);
  });

  it('moves documents with the command line', async () => {
    let token = text((await ada.call('POST', '/tokens', { name: 'cli', role: 'approver', days: 1 })).body['token']);
    const folder = mkdtempSync(path.join(tmpdir(), 'palisade-apply-'));
    const run = (...args: string[]): Promise<{ status: number | null; out: string; err: string }> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.resolve(import.meta.dirname, '../../apps/cli/src/main.ts'), ...args], { cwd: folder, env: { PATH: process.env['PATH'], PALISADE_CONSOLE: running.url, PALISADE_TOKEN: token } });
        let out = '';
        let err = '';
        child.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()));
        child.stderr.on('data', (bytes: Buffer) => (err += bytes.toString()));
        child.on('close', (status) => resolve({ status, out, err }));
      });
    try {
      writeFileSync(path.join(folder, 'gate.yaml'), policy('cli-gate', 'false', '{}', 'git'));
      expect(await run('diff', 'gate.yaml')).toMatchObject({ status: 1, out: expect.stringContaining('GatePolicy/cli-gate created') });
      expect(await run('apply', 'gate.yaml')).toMatchObject({ status: 0, out: 'GatePolicy/cli-gate created\n' });
      expect(await run('diff', 'gate.yaml')).toEqual({ status: 0, out: '', err: '' });
      expect((await run('export', '--owner', 'git', '--kind', 'GatePolicy')).out).toContain(policy('cli-gate', 'false', '{}', 'git'));
      // A page at a time on the wire, one text for the reader.
      expect((await run('export')).out.split('---\n').length).toBe(Number((await ada.call('GET', '/documents')).body['total']?.['count']));
      expect(await run('join-token', '--cluster', 'lab')).toMatchObject({ status: 2, err: expect.stringContaining('manage-agents') });
      expect(await run('join-token', '--cluster', 'lab', '--uses', 'many')).toMatchObject({ status: 2, err: expect.stringContaining('--uses') });
      token = text((await ada.call('POST', '/tokens', { name: 'ops', role: 'admin', days: 1 })).body['token']);
      expect(await run('join-token', '--cluster', 'lab', '--uses', '3', '--hours', '2')).toMatchObject({ status: 0, out: expect.stringMatching(/^palisade-join\.\S+\n$/), err: expect.stringContaining('3 nodes') });
      writeFileSync(path.join(folder, 'bad.yaml'), policy('bad', 'nope', '{}', 'git'));
      expect(await run('apply', '.')).toMatchObject({ status: 2, err: expect.stringMatching(/bad\.yaml:10:\d+: rule "severe": unknown variable "nope"/) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('streams changes to whoever may see them', async () => {
    const ending = new AbortController();
    const response = await fetch(`${running.url}/api/v1/live`, { headers: { cookie: ada.cookie }, signal: ending.signal });
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    let said = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) said += Buffer.from(chunk).toString();
    })().catch(() => undefined);
    await expect.poll(() => said).toContain('event: ready');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ada.call('POST', '/documents', { text: policy('live', 'false') });
    await expect.poll(() => said, { timeout: 10_000 }).toContain('"topic":"documents"');
    ending.abort();
    await reading;
  });
});
