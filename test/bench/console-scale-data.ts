import type { Item } from '@palisade/model/wire';
import { containerItem, scanOf } from '../e2e/console-documents.ts';

type Pool = { query(text: string, values?: unknown[]): Promise<{ rows: unknown[]; rowCount: number | null }> };

/** How large the generated installation is. */
export type Scale = { containers: number; findings: number };

/** One statement each, made inside Postgres: rows look like what ingest stores, so that answers pass the API's schemas. */
export async function fillDatabase(pool: Pool, { containers, findings }: Scale, tell: (what: string, rows: number, ms: number) => void): Promise<void> {
  const perImage = 500;
  const images = Math.ceil(findings / perImage);
  const nodes = Math.max(1, Math.round(containers / 50));
  const result = scanOf('shop/web', 1);
  const finding = { ...result.findings[0], aliases: ['GHSA-aaaa-bbbb-cccc'], description: { en: 'x'.repeat(300), 'zh-CN': '漏'.repeat(150) }, references: ['https://example.invalid/advisory/1', 'https://example.invalid/advisory/2'] };
  const detection = { count: 1, folded: false, priority: 'Warning', tags: ['mitre_execution'], title: { en: 'A shell was started', 'zh-CN': '启动了命令行' }, output: 'sh was started by nginx '.repeat(8), fields: { 'proc.name': 'sh' }, action: 'alerted', tree: [{ pid: 10, start: 5, name: 'nginx', path: '/usr/sbin/nginx', command: 'nginx', guilty: true }] };
  const web = { time: '2026-11-24T00:00:00Z', method: 'GET', host: 'shop', path: '/login', mode: 'block', action: 'blocked', status: 403, scores: { total: 5, bySeverity: { CRITICAL: 5 } }, matches: [{ rule: 942100, msg: 'SQL injection', tags: [], severity: 'CRITICAL', variable: 'ARGS:q', offset: 0, bytes: '1 or 1' }], gaps: [], took_us: 80 };
  const container = (containerItem('c', 'shop/web') satisfies Item).body;
  const step = async (what: string, text: string, ...values: unknown[]): Promise<void> => {
    const started = performance.now();
    const done = await pool.query(text, values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : value)));
    tell(what, done.rowCount ?? 0, performance.now() - started);
  };
  const layers = Array.from({ length: 12 }, (_, n) => ({ diffId: `sha256:${String(n).padStart(64, '0')}`, instruction: n < 3 ? 'FROM debian' : `RUN step ${n}`, size: 1_000_000 * n, base: n < 3 }));

  await pool.query('set statement_timeout = 0');
  await step('clusters', `insert into clusters (id, name, kind) select 'cls-' || n, 'cluster-' || n, 'kubernetes' from generate_series(1, 5) n`);
  await step('nodes', `insert into nodes (id, cluster, name, at, body) select 'node-' || n, 'cls-' || (1 + n % 5), 'node-' || n, now(), $2::jsonb || jsonb_build_object('id', 'node-' || n, 'name', 'node-' || n) from generate_series(1, $1::int) n`, nodes,
    { cluster: 'c', kernel: '6.18', os: 'Debian 12', arch: 'x64', engines: [{ kind: 'docker', version: '27', socket: '/var/run/docker.sock', state: 'connected' }], sensor: { state: 'armed', rules: 25 } });
  await step('agents', `insert into agents (id, cluster, node, name, version, seen_at) select 'agt-' || n, 'cls-' || (1 + n % 5), 'node-' || n, 'node-' || n, '0.1.0', now() from generate_series(1, $1::int) n`, nodes);
  await step('images', `insert into images (key, cluster, image_id, names, name, platform, image, size, status, content, gaps, looked_at, scan_at, matched_at, verdict_result, verdict, packages, node, kind)
    select 'img-' || n, 'cls-' || (1 + n % 5), 'sha256:' || lpad(to_hex(n), 64, '0'), array['team' || (n % 40) || '/app-' || n || ':1'], 'team' || (n % 40) || '/app-' || n || ':1', 'linux/amd64',
      $2::jsonb || jsonb_build_object('id', 'sha256:' || lpad(to_hex(n), 64, '0')), 5e8, (array['complete', 'complete', 'partial', 'failed'])[1 + n % 4], 'verified', n % 3, null, now() - n * interval '1 minute', now(),
      (array['allow', 'warn', 'deny', 'none'])[1 + n % 4], $3::jsonb, 200, case when n % 20 = 0 then 'node-' || (1 + n % $4::int) end, case when n % 20 = 0 then 'host' else 'image' end from generate_series(1, $1::int) n`,
    images, { platform: 'linux/amd64', created: '2026-01-01T00:00:00Z', layers }, { result: 'none', reasons: [], waived: [] }, nodes);
  await step('image_packages', `insert into image_packages (image_key, n, purl, name, version, ecosystem, layer, body)
    select 'img-' || i, p, 'pkg:deb/debian/lib' || ((i * 7 + p) % 3000) || '@1.0?arch=amd64', 'lib' || ((i * 7 + p) % 3000), '1.0', (array['Debian:12', 'npm', 'PyPI'])[1 + p % 3], $2::jsonb->(p % 12)->>'diffId',
      jsonb_build_object('purl', 'pkg:deb/debian/lib' || ((i * 7 + p) % 3000) || '@1.0?arch=amd64', 'name', 'lib' || ((i * 7 + p) % 3000), 'version', '1.0', 'ecosystem', 'Debian:12', 'layer', $2::jsonb->(p % 12)->>'diffId', 'paths', '["var/lib/dpkg/status"]'::jsonb)
    from generate_series(1, $1::int) i, generate_series(1, 200) p`, images, layers);
  await step('findings', `insert into findings (image_key, id, cluster, kind, rule, severity, score, answer, package, package_name, fixed, fix_state, layer, kev, epss, waived_by, first_seen, body, aliases)
    select 'img-' || i, 'fnd-' || f, 'cls-' || (1 + i % 5), kind, rule, severity, score, answer, 'pkg:deb/debian/' || package || '@1.0?arch=amd64', package, case when f % 2 = 0 then '1.1' end, 'fixed', layer, kev, (f % 100) / 100.0,
      case when f % 40 = 7 then 'Waiver/w-' || (f % 50) end, now() - (i % 300) * interval '1 day',
      $2::jsonb || jsonb_build_object('id', 'fnd-' || f, 'kind', kind, 'rule', rule, 'severity', (array['critical', 'high', 'medium', 'low', 'unknown'])[severity + 1], 'answer', answer, 'package', 'pkg:deb/debian/' || package || '@1.0?arch=amd64', 'layer', layer, 'kev', kev), '{}'
    from (select i, f, case when f % 25 = 0 then 'misconfiguration' when f % 60 = 1 then 'secret' else 'vulnerability' end kind, 'CVE-20' || (10 + (i * 13 + f * 31) % 20000 % 17) || '-' || ((i * 13 + f * 31) % 20000) rule,
      ((i + f * 3) % 5)::smallint severity, ((i * 17 + f * 29) % 1000 / 10.0)::real score, case when f % 9 = 0 then 'unknown' else 'affected' end answer, 'lib' || ((i * 7 + f) % 3000) package,
      $3::jsonb->(f % 12)->>'diffId' layer, f % 50 = 3 kev from generate_series(1, $1::int) i, generate_series(1, ${perImage}) f) made`, images, finding, layers);
  await step('image counts', `update images i set findings = c.n, critical = c.critical, high = c.high, medium = c.medium, low = c.low, unknown = c.unknown, fixable = c.fixable, top_score = c.top from (
      select image_key, count(*) n, count(*) filter (where severity = 0) critical, count(*) filter (where severity = 1) high, count(*) filter (where severity = 2) medium, count(*) filter (where severity = 3) low, count(*) filter (where severity = 4) unknown,
        count(*) filter (where fixed is not null) fixable, max(score) top from findings where waived_by is null group by 1) c where c.image_key = i.key`);
  await step('containers', `insert into containers (key, cluster, node, container_id, name, image_key, image_name, state, namespace, project, workload, engine, privileged, exposed, body, at, risks, worst, judged)
    select 'ctr-' || n, 'cls-' || (1 + n % 5), 'node-' || (1 + n % $2::int), lpad(to_hex(n), 64, '0'), 'app-' || n, 'img-' || (1 + n % $3::int), 'team/app', (array['running', 'running', 'running', 'exited', 'paused'])[1 + n % 5], 'ns-' || (n % 100), 'project-' || (n % 40), 'workload-' || (n % 500), 'docker', n % 30 = 0, n % 4 = 0,
      $4::jsonb || jsonb_build_object('id', lpad(to_hex(n), 64, '0'), 'name', 'app-' || n, 'namespace', 'ns-' || (n % 100), 'node', 'node-' || (1 + n % $2::int)), now() - n * interval '1 second', case when n % 3 = 0 then array['no-limits', 'privileged'] else '{}' end, (n % 6)::smallint, 1
    from generate_series(1, $1::int) n`, containers, nodes, images, container);
  await step('running', `update images i set running = c.n from (select image_key, count(*) n from containers where state = 'running' and removed_at is null group by 1) c where c.image_key = i.key`);
  await step('node_images', `insert into node_images (node, image_id, image_key, names, size) select distinct on (1, 2) node, image_key, image_key, array['x'], 1 from containers`);
  await step('gaps', `insert into gaps (id, cluster, node, image_key, source, kind, subject, reason, count, since, seen_at, until) select 'gap-' || n, 'cls-' || (1 + n % 5), 'node-' || (1 + n % $1::int), case when n % 2 = 0 then 'img-' || (1 + n % $2::int) end, case when n % 2 = 0 then 'scan' else 'agent-engine' end,
    (array['limit-entries', 'engine-absent', 'spool-dropped', 'unsupported'])[1 + n % 4], '/opt/' || n, 'too many entries', 1, now() - n * interval '1 minute', now(), case when n % 3 = 0 then now() end from generate_series(1, 20000) n`, nodes, images);
  await step('detections', `insert into detections (id, at, cluster, node, container_key, rule, priority, last_at, body) select 'det-' || n, now() - n * interval '5 seconds', 'cls-' || (1 + n % 5), 'node-' || (1 + n % $1::int), 'ctr-' || (1 + n % $2::int), 'rule-' || (n % 60), (n % 8)::smallint, now(), $3::jsonb || jsonb_build_object('id', 'det-' || n, 'at', to_char(now() - n * interval '5 seconds', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'lastAt', to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'rule', 'rule-' || (n % 60)) from generate_series(1, 200000) n`, nodes, containers, detection);
  await step('incidents', `insert into incidents (id, cluster, node, container_key, at, last_at, state, verdict, priority, detections, body) select 'inc-' || n, 'cls-' || (1 + n % 5), 'node-' || (1 + n % $1::int), 'ctr-' || (1 + n % $2::int), now() - n * interval '10 minutes', now() - n * interval '9 minutes', (array['open', 'investigating', 'closed'])[1 + n % 3], (array['suspicious', 'compromised'])[1 + n % 2], (n % 5)::smallint, 10,
    jsonb_build_object('title', '{"en": "A shell was started", "zh-CN": "启动了命令行"}'::jsonb, 'reasons', '[]'::jsonb) from generate_series(1, 5000) n`, nodes, containers);
  await step('waf_events', `insert into waf_events (id, at, cluster, node, site, client, method, host, path, mode, action, status, score, body) select 'node-1.w-' || n, now() - n * interval '2 seconds', 'cls-' || (1 + n % 5), 'node-' || (1 + n % $1::int), 'site-' || (n % 20), '192.0.2.' || (n % 250), 'GET', 'shop', '/login', 'block', (array['blocked', 'logged'])[1 + n % 2], 403, 5,
    $2::jsonb || jsonb_build_object('id', 'w-' || n, 'site', 'site-' || (n % 20), 'client', '192.0.2.' || (n % 250)) from generate_series(1, 50000) n`, nodes, web);
  await step('audit', `insert into audit (at, actor, action, subject, cluster, detail) select now() - n * interval '1 minute', 'user-' || (n % 50), (array['session.open', 'waiver.approve', 'agent.enrol', 'document.save'])[1 + n % 4], 'thing-' || n, 'cls-' || (1 + n % 5), '{"a": 1}' from generate_series(1, 200000) n`);
  await step('commands', `insert into commands (id, cluster, agent, node, kind, body, state, created_at, created_by, finished_at) select 'cmd-' || n, 'cls-' || (1 + n % 5), 'agt-' || (1 + n % $1::int), 'node-' || (1 + n % $1::int), 'pause', jsonb_build_object('container', lpad(to_hex(n % 10000), 64, '0')), 'done', now() - n * interval '1 minute', 'ada', now() from generate_series(1, 50000) n`, nodes);
  await step('users', `insert into users (id, name, password) select 'usr-' || n, 'user-' || n, 'x' from generate_series(1, 200) n`);
  await step('waivers', `insert into documents (id, kind, name, owner, document, state, created_by, updated_by) select 'Waiver/w-' || n, 'Waiver', 'w-' || n, 'console',
    jsonb_build_object('apiVersion', 'palisade/v1', 'kind', 'Waiver', 'metadata', jsonb_build_object('name', 'w-' || n, 'scope', '{}'::jsonb, 'owner', 'console'), 'spec', jsonb_build_object('target', 'vulnerability', 'match', jsonb_build_object('rule', 'CVE-2020-' || n), 'reason', 'not reachable', 'until', '{"date": "2027-01-31"}'::jsonb)),
    (array['active', 'requested', 'rejected'])[1 + n % 3], 'ada', 'ada' from generate_series(1, 1000) n`);
  await step('waiver_uses', `insert into waiver_uses (waiver, image_key, findings) select 'Waiver/w-' || w, 'img-' || i, 3 from generate_series(1, 50) w, generate_series(1, $1::int, 10) i`, images);
  await step('analyze', 'vacuum analyze');
}
