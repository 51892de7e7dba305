import { createHmac } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deterministicId } from '@palisade/model/id';
import type { Item } from '@palisade/model/wire';
import { httpReceiver, logReceivers, mailReceiver } from './alert-receivers.ts';
import { callApi, startLab } from './console-client.ts';
import type { Answer, Lab } from './console-client.ts';

const rows = (answer: { body: Answer }): Answer[] => answer.body['items'] as unknown as Answer[];
const text = (value: unknown): string => String(value);
const robotKey = 'SEC-robot-key';
const hookKey = 'a key of the receiver, long enough';
let serial = 0;

/** A detection of a container of its own, so that each is an incident of its own from Warning on. */
function detection(name: string, priority = 'Critical', more: object = {}): Item {
  serial += 1;
  const at = new Date().toISOString();
  const body = { id: deterministicId('det', name, String(serial)), at, lastAt: at, count: 1, folded: false, rule: name, priority, tags: ['mitre_execution'], container: deterministicId('c', name, String(serial)).padEnd(64, '0').slice(0, 64), containerName: name, title: { en: `${name} happened`, 'zh-CN': `发生了 ${name}` }, output: `${name} by <sh> & co\n@all`, fields: {}, action: 'alerted', tree: [], ...more };
  return { id: `itm-${name}-${serial}`, kind: 'detection', at, body };
}

describe('console: alerts out', () => {
  let lab: Lab;
  let { running, ada, agent } = {} as Lab;
  let hook: Awaited<ReturnType<typeof httpReceiver>>;
  let robots: Awaited<ReturnType<typeof httpReceiver>>;
  let mail: Awaited<ReturnType<typeof mailReceiver>>;
  let logs: Awaited<ReturnType<typeof logReceivers>>;
  let authority = '';
  const ids: Record<string, string> = {};

  const channel = async (name: string, body: object): Promise<Answer> => {
    const made = await ada.call('POST', '/alert-channels', { name, sources: ['incident'], minPriority: 'Warning', ...body });
    expect([name, made.status, made.body['detail']]).toEqual([name, 200, undefined]);
    ids[name] = text(made.body['id']);
    return made.body;
  };
  const alerts = (): { subject: string; title: { en: string }; count: number; source: string }[] => hook.got.map(({ body }) => JSON.parse(body) as never);
  /** What waits for its time goes now. */
  const hurry = async (): Promise<void> => {
    await running.context.pool.query('update alert_channels set retry_at = null');
    await running.context.pool.query(`update alert_deliveries set next_at = now() where state = 'waiting'`);
    await running.context.pool.query('update alert_web_groups set due_at = now()');
    running.context.alerts.wake();
  };
  const deliveries = async (name: string): Promise<Answer[]> => rows(await ada.call('GET', `/alert-channels/${ids[name] ?? ''}/deliveries?limit=200`));

  beforeAll(async () => {
    const tls = await certificate();
    authority = tls.cert;
    [lab, hook, robots, mail, logs] = await Promise.all([startLab(), httpReceiver(), httpReceiver(), mailReceiver(), logReceivers(tls)]);
    ({ running, ada, agent } = lab);
  });
  afterAll(async () => {
    await lab?.end();
    for (const receiver of [hook, robots, mail, logs]) receiver?.close();
  });

  it('sends a trial by every kind, signed as its receiver asks, and never gives a secret back', async () => {
    await channel('hook', { kind: 'webhook', config: { url: `${hook.url}/in` }, secret: { key: hookKey } });
    await channel('feishu', { kind: 'feishu', secret: { url: `${robots.url}/feishu`, key: robotKey }, language: 'zh-CN', enabled: false });
    await channel('dingtalk', { kind: 'dingtalk', secret: { url: `${robots.url}/ding?access_token=hidden-token`, key: robotKey }, language: 'zh-CN', enabled: false });
    await channel('slack', { kind: 'slack', secret: { url: `${robots.url}/slack` }, enabled: false });
    await channel('mail', { kind: 'email', config: { host: '127.0.0.1', port: mail.port, security: 'none', user: 'palisade', from: 'palisade@example.com', to: ['soc@example.com', 'duty@example.com'] }, secret: { password: 'mail-password' }, enabled: false });
    for (const transport of ['udp', 'tcp', 'tls'] as const) await channel(`log-${transport}`, { kind: 'syslog', config: { transport, host: transport === 'tls' ? 'localhost' : '127.0.0.1', port: logs[transport], ...(transport === 'tls' ? { ca: authority } : {}) }, enabled: false });
    for (const name of Object.keys(ids)) expect([name, (await ada.call('POST', `/alert-channels/${ids[name] ?? ''}/test`)).body]).toMatchObject([name, { ok: true, error: null }]);

    const [posted] = hook.got;
    const stamp = String(posted?.headers['palisade-timestamp']);
    expect(Math.abs(Number(stamp) - Date.now() / 1000)).toBeLessThan(600);
    expect(posted?.headers['palisade-signature']).toBe(`v1=${createHmac('sha256', hookKey).update(`${stamp}.${posted?.body ?? ''}`).digest('hex')}`);
    expect(JSON.parse(posted?.body ?? '')).toMatchObject({ schema: 'palisade.alert/1', source: 'test', url: `${running.url}/settings/alerts` });
    const [feishu, ding, slack] = robots.got;
    const card = JSON.parse(feishu?.body ?? '') as { timestamp: string; sign: string; card: { header: { title: { content: string } } } };
    expect(card.sign).toBe(createHmac('sha256', `${card.timestamp}\n${robotKey}`).update('').digest('base64'));
    expect(card.card.header.title.content).toContain('测试消息');
    const query = new URL(ding?.path ?? '', 'http://x').searchParams;
    expect(query.get('access_token')).toBe('hidden-token');
    expect(query.get('sign')).toBe(createHmac('sha256', robotKey).update(`${query.get('timestamp') ?? ''}\n${robotKey}`).digest('base64'));
    expect(JSON.parse(slack?.body ?? '')).toMatchObject({ text: expect.stringContaining('A trial of') });
    expect(mail.mails).toMatchObject([{ auth: '|palisade|mail-password', from: expect.stringContaining('palisade@example.com'), to: [expect.stringContaining('soc@'), expect.stringContaining('duty@')] }]);
    expect(mail.mails[0]?.text).toMatch(/^Subject: .*Notice/m);
    await expect.poll(() => logs.lines.map((line) => line.transport).sort()).toEqual(['tcp', 'tls', 'udp']);
    for (const { transport, text: said } of logs.lines) {
      const [, length, line = ''] = transport === 'udp' ? ['', '', said] : (/^(\d+) ([\s\S]*)$/.exec(said) ?? []);
      if (transport !== 'udp') expect(Buffer.byteLength(line)).toBe(Number(length));
      expect(line).toMatch(/^<85>1 \d{4}-\S+Z \S+ palisade \d+ test \[palisade@32473 id="tst_[^\]]+"\] \uFEFF\[Notice\] Test: /);
    }

    const everything = JSON.stringify([(await ada.call('GET', '/alert-channels')).body, (await ada.call('GET', '/audit')).body, await deliveries('dingtalk')]);
    for (const secret of [hookKey, robotKey, 'hidden-token', 'mail-password', '/feishu']) expect(everything).not.toContain(secret);
    expect(rows(await ada.call('GET', '/alert-channels')).find((row) => text(row['name']) === 'mail')).toMatchObject({ secrets: ['password'], destination: expect.stringContaining('soc@example.com') });
    const stored = await running.context.pool.query<{ all: string }>('select string_agg(to_jsonb(c)::text, \'\') "all" from alert_channels c');
    for (const secret of [hookKey, robotKey, 'hidden-token', 'mail-password']) expect(stored.rows[0]?.all).not.toContain(secret);
  });

  it('tells of an incident once, by priority and place, and nothing to whom it does not concern', async () => {
    await channel('elsewhere', { kind: 'webhook', config: { url: `${robots.url}/elsewhere` }, secret: { key: hookKey }, scope: { namespace: 'other' } });
    const item = detection('reverse-shell');
    await agent.post(running.agentUrl, [item, detection('quiet', 'Notice'), item]);
    await agent.post(running.agentUrl, [{ ...item, id: `${item.id}-again` }]);
    await expect.poll(() => alerts().filter((alert) => alert.source === 'incident').length, { timeout: 30_000 }).toBe(1);
    const alert = JSON.parse(hook.got.at(-1)?.body ?? '') as Record<string, unknown>;
    expect(alert).toMatchObject({ priority: 'Critical', rules: ['reverse-shell'], tactics: ['execution'], container: 'reverse-shell', cluster: { name: 'lab' }, node: { name: 'node-1' }, summary: expect.stringContaining('reverse-shell by <sh> & co @all') });
    expect(String(alert['url'])).toContain(`${running.url}/incidents/`);
    expect((await fetch(`${running.url}/api/v1/incidents/${String(alert['subject'])}`, { headers: { cookie: ada.cookie } })).status).toBe(200);
    await expect.poll(async () => (await running.context.pool.query('select 1 from alert_deliveries where state in (\'waiting\', \'sending\')')).rows.length, { timeout: 30_000 }).toBe(0);
    expect(await deliveries('elsewhere')).toEqual([]);
    expect(robots.got.filter(({ path }) => path === '/elsewhere')).toEqual([]);
  });

  it('tries again what is not taken, says so on the coverage page meanwhile, and follows no redirect', async () => {
    const before = hook.got.length;
    hook.answer = { status: 500, body: 'out of order' };
    await agent.post(running.agentUrl, [detection('retried')]);
    await expect.poll(() => hook.got.length, { timeout: 30_000 }).toBe(before + 1);
    await expect.poll(async () => JSON.stringify(rows(await ada.call('GET', '/gaps?source=alerts'))), { timeout: 30_000 }).toContain('answered 500: out of order');
    hook.answer = { status: 307, body: '', location: `${robots.url}/stolen` };
    await hurry();
    await expect.poll(async () => (await deliveries('hook'))[0]?.['error'], { timeout: 30_000 }).toContain('redirects are not followed');
    // A replica that died while it sent: its claim runs out.
    await running.context.pool.query(`update alert_deliveries set state = 'sending', claimed_until = now() - interval '1 second' where state = 'waiting'`);
    hook.answer = { status: 200, body: 'ok' };
    await hurry();
    await expect.poll(async () => { await hurry(); return (await deliveries('hook'))[0]; }, { timeout: 30_000 }).toMatchObject({ state: 'sent', alert: { rules: ['retried'] } });
    expect(Number((await deliveries('hook'))[0]?.['attempts'])).toBeGreaterThanOrEqual(3);
    expect(new Set(hook.got.slice(before).map(({ headers }) => headers['palisade-delivery'])).size).toBe(1);
    expect(robots.got.filter(({ path }) => path === '/stolen')).toEqual([]);
    expect(rows(await ada.call('GET', '/gaps?source=alerts'))).toEqual([]);
    // The credentials of a cloud are no receiver, by address or by name.
    await channel('metadata', { kind: 'webhook', config: { url: 'http://169.254.169.254/latest' }, secret: { key: hookKey }, enabled: false });
    expect((await ada.call('POST', `/alert-channels/${ids['metadata'] ?? ''}/test`)).body).toMatchObject({ ok: false, error: expect.stringContaining('link-local') });
  });

  it('keeps its hourly budget and counts the rest in a digest', async () => {
    const { rows: spent } = await running.context.pool.query<{ n: number }>(`select count(*)::int n from alert_deliveries where channel = $1 and sent_at is not null and source <> 'test'`, [ids['hook']]);
    const now = rows(await ada.call('GET', '/alert-channels')).find((row) => text(row['id']) === ids['hook']);
    const { version, name, kind, config, sources, minPriority } = now as unknown as Record<string, unknown>;
    expect((await ada.call('PUT', `/alert-channels/${ids['hook'] ?? ''}`, { version, name, kind, config, sources, minPriority, hourly: (spent[0]?.n ?? 0) + 2 })).status).toBe(200);
    const before = hook.got.length;
    await agent.post(running.agentUrl, Array.from({ length: 9 }, (_, n) => detection(n < 3 ? 'flood' : `flood-${n}`, n === 8 ? 'Emergency' : 'Error')));
    await expect.poll(async () => (await deliveries('hook')).filter((row) => text(row['state']) === 'folded').length, { timeout: 30_000 }).toBe(7);
    expect(hook.got.length).toBe(before + 2);
    await hurry();
    await expect.poll(() => hook.got.length, { timeout: 30_000 }).toBe(before + 3);
    const digest = JSON.parse(hook.got.at(-1)?.body ?? '') as Record<string, unknown>;
    expect(digest).toMatchObject({ source: 'digest', count: 7, folded: { byPriority: { Error: 7 } } });
    // Worst first: the emergency was not among those counted.
    expect(hook.got.slice(before, before + 2).map(({ body }) => (JSON.parse(body) as { priority: string }).priority)).toContain('Emergency');
    expect(rows(await ada.call('GET', '/alert-channels')).find((row) => text(row['id']) === ids['hook'])).toMatchObject({ folded24h: 7, waiting: 0 });
  });

  it('groups blocked web requests of one client into one alert', async () => {
    await channel('web', { kind: 'slack', secret: { url: `${robots.url}/web` }, sources: ['waf'] });
    const event = (n: number, action = 'blocked', client = '192.0.2.9') => ({ time: new Date().toISOString(), id: `w-${client}-${n}`, site: 'shop', client, method: 'GET', host: 'shop', path: `/login?n=${n}`, mode: 'block', action, status: 403, scores: { total: 5, bySeverity: { critical: 5 } }, matches: [{ rule: 942100 + (n % 2), msg: 'SQL <injection>', tags: [], severity: 'CRITICAL', variable: 'ARGS:q', offset: 0, bytes: '1 or 1' }], gaps: [], took_us: 80 });
    const items = [...[0, 1, 2, 3, 4].map((n) => event(n)), event(5, 'logged'), event(6, 'blocked', '192.0.2.77')].map((body) => ({ id: `itm-${body.id}`, kind: 'waf-event', at: body.time, body }));
    await agent.post(running.agentUrl, items);
    await hurry();
    await expect.poll(() => robots.got.filter(({ path }) => path === '/web').length, { timeout: 30_000 }).toBe(2);
    const told = (await deliveries('web')).map((row) => row['alert'] as unknown as Record<string, unknown>).sort((a, b) => Number(b['count']) - Number(a['count']));
    expect(told).toMatchObject([{ count: 5, priority: 'Critical', rules: ['942100', '942101'], title: { en: '192.0.2.9 was refused by shop' } }, { count: 1 }]);
    expect((await ada.call('GET', String(told[0]?.['path']).replace('/web-protection', '/waf'))).status).toBe(200);
    // Slack's own characters in what an attacker wrote are taken literally.
    expect(robots.got.at(-1)?.body).toContain('SQL &lt;injection&gt;');
  });

  it('asks for the secret again before it goes elsewhere, and lets only administrators set channels', async () => {
    const row = rows(await ada.call('GET', '/alert-channels')).find((one) => text(one['name']) === 'mail') as unknown as Record<string, unknown>;
    const { version, name, kind, config, sources, minPriority } = row as { config: object } & Record<string, unknown>;
    const body = { version, name, kind, sources, minPriority, config: { ...config, host: 'evil.example' } };
    expect(await ada.call('PUT', `/alert-channels/${ids['mail'] ?? ''}`, body)).toMatchObject({ status: 400, body: { detail: expect.stringContaining('type it again') } });
    expect((await ada.call('PUT', `/alert-channels/${ids['mail'] ?? ''}`, { ...body, secret: { password: 'another' } })).status).toBe(200);
    expect((await ada.call('PUT', `/alert-channels/${ids['mail'] ?? ''}`, body)).status).toBe(409);
    expect((await ada.call('POST', '/alert-channels', { name: 'bad', kind: 'webhook', sources: ['incident'], config: { url: 'http://user:pass@x/' }, secret: { key: hookKey } })).body).toMatchObject({ detail: expect.stringContaining('config.url') });
    const { body: token } = await ada.call('POST', '/tokens', { name: 'ci', role: 'approver', days: 1 });
    expect((await callApi(running.url, 'GET', '/alert-channels', undefined, { authorization: `Bearer ${text(token['token'])}` })).status).toBe(403);
    expect((await ada.call('DELETE', `/alert-channels/${ids['mail'] ?? ''}`)).status).toBe(200);
  });
});

/** A certificate of its own for localhost. */
async function certificate(): Promise<{ key: string; cert: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  x509.cryptoProvider.set(globalThis.crypto);
  const keys = await globalThis.crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const cert = await x509.X509CertificateGenerator.createSelfSigned({ name: 'CN=localhost', keys, signingAlgorithm: algorithm, notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + 86_400_000), extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])] });
  const pkcs8 = await globalThis.crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), cert: cert.toString('pem') };
}
