import { createHash } from 'node:crypto';
import { deterministicId } from '@palisade/model/id';
import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Severity } from '@palisade/model/severity';
import type { Item } from '@palisade/model/wire';

// A small company's two machines, as their agents would tell the console: several images of different health,
// containers in several states, one machine without an engine, gaps that are open and one that has ended.

const now = Date.now();
/** ISO time `minutes` ago. */
const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
const sha = (...parts: string[]): string => `sha256:${deterministicId('x', ...parts).replace(/[^0-9a-f]/g, '').padEnd(64, '0').slice(0, 64)}`;

type Weakness = { rule: string; severity: Severity; name: string; version: string; fixed?: string; score: number; kev?: boolean; epss?: number; own?: boolean; what: string; zh: string; type?: string };

const openssl: Weakness = { rule: 'CVE-2022-0778', severity: 'high', name: 'openssl', version: '1.1.1k-1', fixed: '1.1.1n-0+deb11u1', score: 62, epss: 0.11, what: 'Endless loop when parsing certificates', zh: '解析证书时陷入死循环' };
const zlib: Weakness = { rule: 'CVE-2022-37434', severity: 'critical', name: 'zlib1g', version: '1:1.2.11.dfsg-2', fixed: '1:1.2.11.dfsg-2+deb11u2', score: 71, epss: 0.15, what: 'Heap overflow in inflate through a large gzip header', zh: '处理过大的 gzip 头时 inflate 堆溢出' };
const log4j: Weakness = { rule: 'CVE-2021-44228', severity: 'critical', name: 'org.apache.logging.log4j:log4j-core', version: '2.14.1', fixed: '2.17.1', score: 97, kev: true, epss: 0.97, own: true, type: 'maven', what: 'Remote code execution through JNDI lookups in log messages', zh: '日志消息中的 JNDI 查找可导致远程代码执行' };
const lodash: Weakness = { rule: 'CVE-2020-8203', severity: 'high', name: 'lodash', version: '4.17.15', fixed: '4.17.19', score: 55, epss: 0.02, own: true, type: 'npm', what: 'Prototype pollution in zipObjectDeep', zh: 'zipObjectDeep 存在原型污染' };
const perl: Weakness = { rule: 'CVE-2023-31486', severity: 'medium', name: 'perl-base', version: '5.32.1-4', score: 30, epss: 0.003, what: 'HTTP::Tiny does not verify certificates by default', zh: 'HTTP::Tiny 默认不验证证书' };
const tar: Weakness = { rule: 'CVE-2005-2541', severity: 'low', name: 'tar', version: '1.34+dfsg-1', score: 12, what: 'tar does not warn about setuid files', zh: 'tar 解包 setuid 文件时不警告' };

const part = (name: string, value: number, en: string, zh: string): Finding['priority']['parts'][number] => ({ name, value, why: { en, 'zh-CN': zh } });

function purl({ type = 'deb', name, version }: Weakness): string {
  return `pkg:${type}/${type === 'deb' ? 'debian/' : ''}${name.replace(':', '/')}@${version}`;
}

function vulnerability(image: string, weakness: Weakness, layers: readonly string[]): Finding {
  const { rule, severity, fixed, kev = false, epss, own = false, score } = weakness;
  const base = severity === 'critical' ? 38 : severity === 'high' ? 31 : severity === 'medium' ? 21 : 9;
  const parts = [part('severity', base, `Severity ${severity}`, '严重程度'), part('kev', kev ? 20 : 0, kev ? 'Known to be exploited (CISA KEV)' : 'Not in CISA KEV', kev ? '已知被利用（CISA KEV）' : '不在 CISA KEV 中'), part('epss', epss === undefined ? 0 : 10 * Math.sqrt(epss), epss === undefined ? 'No EPSS score' : `EPSS ${epss}`, epss === undefined ? '没有 EPSS 分数' : `EPSS ${epss}`), part('fix', fixed === undefined ? 0 : 5, fixed === undefined ? 'No fix yet' : `Fixed in ${fixed}`, fixed === undefined ? '尚无修复' : `${fixed} 已修复`), part('layer', own ? 2 : 0, own ? 'From your own layer' : 'From the base image', own ? '来自自有层' : '来自基础镜像')];
  const layer = layers[own ? layers.length - 1 : 0];
  return {
    id: deterministicId('fnd', image, rule, weakness.name), kind: 'vulnerability', rule, severity, answer: 'affected', package: purl(weakness), ...(fixed === undefined ? { fixState: 'not-fixed' as const } : { fixed, fixState: 'fixed' as const }),
    ...(layer === undefined ? {} : { layer }), ...(kev ? { kev } : {}), ...(epss === undefined ? {} : { epss }),
    cvss: { vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', score: base / 4 }, priority: { score, parts }, title: { en: weakness.what, 'zh-CN': weakness.zh }, references: [`https://nvd.nist.gov/vuln/detail/${rule}`, 'https://security-tracker.debian.org/tracker/' + rule],
  };
}

function flaw(image: string, kind: 'misconfiguration' | 'secret', rule: string, severity: Severity, score: number, title: readonly [string, string], remedy: readonly [string, string], place: { path?: string; layer?: string; evidence?: string }): Finding {
  return { id: deterministicId('fnd', image, rule, place.path ?? ''), kind, rule, severity, answer: 'affected', ...place, priority: { score, parts: [part('severity', score, `Severity ${severity}`, '严重程度')] }, title: { en: title[0], 'zh-CN': title[1] }, remedy: { en: remedy[0], 'zh-CN': remedy[1] }, references: [] };
}

const feed: NonNullable<ScanResult['feed']> = { id: 'feed-2026-11-20', built: ago(6 * 60), age: 6 * 3600, sources: [{ name: 'debian-tracker', date: ago(9 * 60), records: 54_321, coverage: { 'Debian:11': 'complete' } }, { name: 'osv', date: ago(9 * 60), records: 81_002, coverage: { npm: 'complete', Maven: { partial: 'sample of the source' } } }] };

type Recipe = { name: string; from: string; steps: readonly string[]; weak: readonly Weakness[]; extra?: readonly Finding[]; gaps?: readonly Gap[]; status?: ScanResult['status']; noFeed?: boolean; packages?: number };

/** Id of the image called `name` in this world. */
export const imageId = (name: string): string => sha('image', name);

function scan({ name, from, steps, weak, extra = [], gaps = [], status, noFeed = false, packages = 40 }: Recipe): ScanResult {
  const layers = [from, ...steps].map((instruction, n) => ({ diffId: sha('layer', n === 0 ? from : name, instruction), instruction, size: n === 0 ? 84_123_648 : 1_200_000 * (n + 1), base: n === 0 || instruction.startsWith('CMD ["bash"]') }));
  const ids = layers.map((layer) => layer.diffId);
  const findings = [...weak.map((weakness) => vulnerability(name, weakness, ids)), ...extra];
  const filler: Package[] = Array.from({ length: packages }, (_, n) => ({ purl: `pkg:deb/debian/lib${n}@1.${n}`, name: `lib${n}`, version: `1.${n}`, ecosystem: 'Debian:11', layer: ids[0]!, paths: ['var/lib/dpkg/status'], licenses: ['MIT'] }));
  const own: Package[] = weak.map((weakness) => ({ purl: purl(weakness), name: weakness.name, version: weakness.version, ecosystem: weakness.type === 'npm' ? 'npm' : weakness.type === 'maven' ? 'Maven' : 'Debian:11', layer: ids[weakness.own === true ? ids.length - 1 : 0]!, paths: [weakness.own === true ? `app/lib/${weakness.name}` : 'var/lib/dpkg/status'] }));
  return {
    schema: 'palisade.scan/1', target: { kind: 'docker', ref: name }, status: status ?? (gaps.length > 0 ? 'partial' : 'complete'), content: 'verified', gaps: [...gaps], feed: noFeed ? null : feed,
    image: { id: imageId(name), platform: 'linux/amd64', created: ago(60 * 24 * 20), names: [name], layers }, lookedAt: { files: 9_412, bytes: 91_000_000, layers: layers.length, detectors: ['image-config', 'secrets'] },
    packages: [...own, ...filler], findings, verdict: { result: 'none', reasons: [], waived: [] },
  };
}

const secretFile = 'app/config/deploy.env';
const recipes: readonly Recipe[] = [
  { name: 'shop/api:2.4.1', from: 'FROM debian:bullseye-slim', steps: ['RUN apt-get update && apt-get install -y openjdk-17-jre-headless && rm -rf /var/lib/apt/lists/*', 'WORKDIR /app', 'COPY target/api.jar /app/api.jar'], weak: [log4j, openssl, zlib, perl, tar], extra: [flaw('shop/api:2.4.1', 'secret', 'aws-access-token', 'high', 46, ['AWS access key in a file', '文件中含有 AWS 访问密钥'], ['Revoke the key and take it from the environment.', '吊销该密钥，改由环境注入。'], { path: secretFile, evidence: 'AKIA************7QXZ' }), flaw('shop/api:2.4.1', 'misconfiguration', 'image-config-root-user', 'medium', 24, ['Runs as root', '以 root 身份运行'], ['Set USER to an id other than 0.', '将 USER 设为非 0 的 ID。'], {})] },
  { name: 'shop/web:1.9.0', from: 'FROM node:20-bullseye-slim', steps: ['WORKDIR /srv', 'COPY package.json package-lock.json ./', 'RUN npm ci --omit=dev', 'COPY . .'], weak: [lodash, openssl, zlib, perl], gaps: [{ kind: 'limit-entries', subject: '/srv/node_modules/.cache', reason: 'more than 200,000 entries in one archive', count: 2, remedy: { en: 'Leave build caches out of the image (.dockerignore).', 'zh-CN': '不要把构建缓存放入镜像（.dockerignore）。' } }] },
  { name: 'postgres:16', from: 'FROM debian:bookworm-slim', steps: ['RUN set -eux; groupadd -r postgres --gid=999; useradd -r -g postgres --uid=999 postgres', 'ENV PG_MAJOR=16'], weak: [], noFeed: true, packages: 144 },
  { name: 'busybox:1.36', from: 'ADD busybox.tar.gz /', steps: [], weak: [], packages: 1 },
  { name: 'legacy/report:0.3', from: 'FROM debian:buster', steps: ['COPY report.pl /usr/local/bin/'], weak: [perl, tar], status: 'failed', gaps: [{ kind: 'archive-truncated', subject: 'layer 2 of 2', reason: 'the stream ended 4,096 bytes early', count: 1 }] },
];

type Running = { name: string; image: string; state?: string; ports?: { protocol: 'tcp'; containerPort: number; hostPort?: number }[]; more?: Readonly<Record<string, unknown>> };

const containers: readonly Running[] = [
  { name: 'shop-api-1', image: 'shop/api:2.4.1', ports: [{ protocol: 'tcp', containerPort: 8080, hostPort: 8080 }], more: { project: 'shop', privileged: true, mounts: [{ source: '/var/run/docker.sock', destination: '/var/run/docker.sock', kind: 'bind', readOnly: false }, { source: '/srv/shop/data', destination: '/data', kind: 'bind', readOnly: true }], capAdd: ['SYS_ADMIN'], listening: [{ protocol: 'tcp', address: '0.0.0.0', port: 8080, process: 'java' }, { protocol: 'tcp', address: '127.0.0.1', port: 5005, process: 'java' }], processes: [{ name: 'java', count: 1 }, { name: 'sh', count: 2 }] } },
  { name: 'shop-web-1', image: 'shop/web:1.9.0', ports: [{ protocol: 'tcp', containerPort: 3000, hostPort: 443 }], more: { project: 'shop', user: '1000', securityOpt: ['no-new-privileges'], readOnlyRoot: true, limits: { memory: 536_870_912, cpus: 1, pids: 200 } } },
  { name: 'shop-web-2', image: 'shop/web:1.9.0', state: 'paused', more: { project: 'shop' } },
  { name: 'shop-db', image: 'postgres:16', more: { project: 'shop', mounts: [{ source: '/var/lib/docker/volumes/db/_data', destination: '/var/lib/postgresql/data', kind: 'volume', readOnly: false }] } },
  { name: 'nightly-report', image: 'legacy/report:0.3', state: 'exited' },
];

/** Full engine id of the container called `name`. */
export const containerId = (name: string): string => deterministicId('c', name).replace(/[^0-9a-f]/g, '').padEnd(64, '0').slice(0, 64);

function containerItem({ name, image, state = 'running', ports = [], more = {} }: Running): Item {
  const body = {
    id: containerId(name), node: '', cluster: '', engine: 'docker', name, image: imageId(image), imageName: image, state, created: ago(60 * 24 * 6), started: ago(60 * 24 * 2), pid: state === 'running' ? 4242 : 0, user: '', command: ['/entrypoint.sh', 'run'],
    labels: { 'org.opencontainers.image.source': 'https://git.example/shop' }, ports, mounts: [], networkMode: 'bridge', pidMode: '', ipcMode: '', utsMode: '', usernsMode: '', privileged: false, readOnlyRoot: false, capAdd: [], capDrop: [], securityOpt: [], devices: [], limits: { memory: null, cpus: null, pids: null }, restartPolicy: 'unless-stopped', ...more,
  };
  return item('container', name, 1, body);
}

function item(kind: string, subject: string, minutes: number, body: unknown): Item {
  return { id: deterministicId('itm', kind, subject, String(minutes)), kind, at: ago(minutes), body };
}

const gap = (kind: string, subject: string, reason: string, en: string, zh: string, count = 1): Gap => ({ kind, subject, reason, count, since: ago(180), remedy: { en, 'zh-CN': zh } });

const webEvents: readonly Item[] = [
  webEvent('shopa1-1', 3, 'blocked', 403, '/products', [{ rule: 942100, msg: 'SQL Injection Attack Detected via libinjection', tags: ['attack-sqli'], severity: 'critical', variable: 'ARGS:id', offset: 0, bytes: "1' or 1=1-- " }], 5),
  webEvent('shopa1-2', 40, 'logged', 200, '/search', [{ rule: 941100, msg: 'XSS Attack Detected via libinjection', tags: ['attack-xss'], severity: 'critical', variable: 'ARGS:q', offset: 4, bytes: '<script>' }], 5),
];

function webEvent(id: string, minutes: number, action: 'blocked' | 'logged', status: number, path: string, matches: readonly object[], total: number): Item {
  return item('waf-event', id, minutes, { time: ago(minutes), id, site: 'shop', client: '198.51.100.23', method: 'GET', host: 'shop.example', path, mode: 'block', action, status, scores: { total, bySeverity: { critical: total } }, matches, gaps: [], took_us: 212 });
}

function reverseShell(): object {
  const container = containerId('shop-api-1');
  const at = ago(2);
  const step = (pid: number, parent: number, name: string, command: string): object => ({ pid, parent, start: pid * 1e9, name, path: `/usr/bin/${name}`, command, user: 0, container, guilty: true });
  return {
    id: deterministicId('det', 'reverse-shell'), at, lastAt: at, count: 3, rule: 'Reverse shell', priority: 'Critical', tags: ['mitre_execution', 'T1059.004'], container, containerName: 'shop-api-1', image: 'shop/api:2.4.1',
    title: { en: 'A shell talks to the network', 'zh-CN': 'Shell 与网络相连' }, output: 'shell with a socket (proc=bash peer=198.51.100.7:4444)', fields: { 'proc.name': 'bash', 'fd.rport': 4444 },
    tree: [step(310, 1, 'java', 'java -jar app.jar'), step(402, 310, 'bash', 'bash -i')],
    around: { secondsBefore: 41.2, secondsAfter: 5, dropped: false, left: 0, events: [{ offset: -0.004, type: 'exec', pid: 402, process: 'bash', user: 0, path: '/usr/bin/bash', arguments: ['bash', '-i'] }, { offset: 0, type: 'connect', pid: 402, process: 'bash', user: 0, result: 0, peer: '198.51.100.7:4444' }] },
  };
}

/** What the agent did about it, and what it kept: in force, taken back, failed, and a file of evidence. */
function responses(): Item[] {
  const container = containerId('shop-api-1');
  const about = { policy: { name: 'contain-shells', rule: 'shells' }, detection: deterministicId('det', 'reverse-shell'), rule: 'Reverse shell', container, containerName: 'shop-api-1', image: 'shop/api:2.4.1', process: { pid: 402, start: 402e9, name: 'bash', path: '/usr/bin/bash' } };
  const done = (name: string, more: object): Item => item('response', name, 2, { id: deterministicId('rsp', name), at: ago(2), lastAt: ago(2), count: 1, result: 'done', tookMs: 41, ...about, ...more });
  const text = Buffer.from('bash -i\n');
  const evidence = deterministicId('evd', 'reverse-shell');
  return [
    done('isolate', { action: 'isolate', undo: 'reconnect', deadline: ago(-58) }),
    done('kill', { action: 'kill-process', count: 3 }),
    done('pause', { action: 'pause', undo: 'unpause', undone: { at: ago(1), by: 'ada' } }),
    done('stop', { action: 'stop', result: 'failed', message: 'no container engine answers on this node' }),
    done('collect', { action: 'collect', message: evidence }),
    item('evidence-part', 'evidence', 2, { evidence, file: 'cmdline.txt', n: 0, data: text.toString('base64') }),
    item('evidence', 'evidence', 2, {
      id: evidence, at: ago(2), reason: 'Reverse shell', detection: about.detection, container, containerName: 'shop-api-1', image: 'shop/api:2.4.1', process: about.process,
      files: [{ name: 'cmdline.txt', sha256: createHash('sha256').update(text).digest('hex'), size: text.length, cut: false }], missing: [{ name: 'executable.bin', reason: 'it had ended' }],
    }),
  ];
}

/** What the agent of the machine with Docker sends. */
export function dockerNode(): Item[] {
  return [
    item('node', 'docker', 5, { id: '', cluster: '', name: 'shop-01', kernel: '6.18.0', os: 'Debian GNU/Linux 12 (bookworm)', arch: 'x86_64', engines: [{ kind: 'docker', version: '20.10.24', socket: '/var/run/docker.sock', state: 'connected' }, { kind: 'podman', version: '', socket: '/run/podman/podman.sock', state: 'unsupported' }] }),
    item('gaps', 'docker-before', 9, { source: 'engine', gaps: [gap('engine-absent', 'docker', 'the engine does not answer', 'Start Docker.', '启动 Docker。')] }),
    ...recipes.map((recipe) => item('scan', recipe.name, 8, { source: 'image', scan: scan(recipe) })),
    ...containers.map(containerItem),
    item('inventory', 'docker', 0, { containers: containers.map(({ name }) => containerId(name)), images: [...recipes.map(({ name }) => ({ id: imageId(name), names: [name], size: 90_000_000 })), { id: sha('image', 'new/arrival:latest'), names: ['new/arrival:latest'], size: 12_000_000 }] }),
    item('gaps', 'docker-engine', 4, { source: 'engine', gaps: [gap('engine-unsupported', '/run/podman/podman.sock', 'Podman is not supported yet', 'Its containers are not looked at; run them under Docker or wait for support.', '其容器未被检查；请改用 Docker 运行或等待支持。')] }),
    ...webEvents,
    item('detection', 'reverse-shell', 2, reverseShell()),
    ...responses(),
    item('gaps', 'docker-sensor', 4, { source: 'sensor', gaps: [gap('sensor-down', 'sensor', 'no sensor ran for 4.2 s', 'The sensor was started again by itself. If it dies repeatedly, see the agent\'s log.', '传感器已自动重启。如反复退出，请查看节点代理日志。')] }),
  ];
}

/** What the agent of a machine without an engine sends: its own root file system, scanned like an image. */
export function bareNode(): Item[] {
  const host = scan({ name: 'build-02', from: '', steps: [], weak: [openssl, perl], packages: 210, gaps: [{ kind: 'unreadable', subject: '/home/ci/.cache', reason: 'permission denied', count: 14 }] });
  return [
    item('node', 'bare', 5, { id: '', cluster: '', name: 'build-02', kernel: '6.1.0-28', os: 'Debian GNU/Linux 11 (bullseye)', arch: 'aarch64', engines: [{ kind: 'docker', version: '', socket: '/var/run/docker.sock', state: 'absent' }] }),
    item('scan', 'host', 7, { source: 'host', scan: { ...host, image: null, target: { kind: 'dir', ref: '/' } } }),
    item('gaps', 'bare-engine', 4, { source: 'engine', gaps: [gap('engine-absent', '/var/run/docker.sock', 'no container engine answers', 'Install or start a container engine, or leave it: the host itself is scanned.', '安装或启动容器引擎；也可忽略，主机本身仍会被扫描。')] }),
  ];
}
