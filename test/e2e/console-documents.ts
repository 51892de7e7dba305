import { deterministicId } from '@palisade/model/id';
import type { Finding } from '@palisade/model/finding';
import type { Item } from '@palisade/model/wire';
import type { ScanResult } from '@palisade/model/scan-result';

const at = '2026-11-24T00:00:00.000Z';
const base = `sha256:${'b'.repeat(64)}`;
const own = `sha256:${'c'.repeat(64)}`;

/** A scan of a two-layer image with `packages` packages, each with one vulnerability. */
export function scanOf(image: string, packages: number): ScanResult {
  const names = Array.from({ length: packages }, (_, n) => `lib${n}`);
  const findings: Finding[] = names.map((name, n) => ({
    id: deterministicId('fnd', image, name),
    kind: 'vulnerability',
    rule: `CVE-2026-${1000 + n}`,
    severity: n % 3 === 0 ? 'critical' : 'medium',
    answer: 'affected',
    package: `pkg:deb/debian/${name}@1.0?arch=amd64`,
    ...(n % 2 === 0 ? { fixed: '1.1', fixState: 'fixed' as const } : {}),
    layer: n % 2 === 0 ? base : own,
    priority: { score: 90 - n, parts: [{ name: 'severity', value: 90 - n, why: { en: 'severity', 'zh-CN': '严重程度' } }] },
    title: { en: `${name} is weak`, 'zh-CN': `${name} 有漏洞` },
    references: [],
  }));
  return {
    schema: 'palisade.scan/1',
    target: { kind: 'docker', ref: `${image}:1` },
    status: 'partial',
    content: 'verified',
    gaps: [{ kind: 'limit-entries', subject: '/opt', reason: 'too many entries', count: 2 }],
    feed: null,
    image: {
      id: `sha256:${deterministicId('x', image)}`,
      platform: 'linux/amd64',
      created: at,
      names: [`${image}:1`],
      layers: [
        { diffId: base, instruction: 'FROM debian', size: 1000, base: true },
        { diffId: own, instruction: 'COPY . /app', size: 500, base: false },
      ],
    },
    packages: names.map((name, n) => ({ purl: `pkg:deb/debian/${name}@1.0?arch=amd64`, name, version: '1.0', ecosystem: 'Debian:12', layer: n % 2 === 0 ? base : own, paths: ['var/lib/dpkg/status'] })),
    findings,
    verdict: { result: 'none', reasons: [], waived: [] },
  };
}

/** The item that carries a scan. */
export function scanItem(image: string, packages: number, when = at): Item {
  return { id: deterministicId('itm', 'scan', image, when), kind: 'scan', at: when, body: { source: 'image', scan: scanOf(image, packages) } };
}

/** The item of a running container of that image. */
export function containerItem(name: string, image: string, state = 'running', when = at): Item {
  const id = deterministicId('c', name);
  const body = {
    id, node: 'claimed', cluster: 'claimed', engine: 'docker', name, image: `sha256:${deterministicId('x', image)}`, imageName: `${image}:1`, state, created: when, started: when, pid: 1, user: '', command: ['run'],
    labels: {}, project: 'shop', ports: [{ protocol: 'tcp', containerPort: 80, hostPort: 8080 }], mounts: [], networkMode: 'bridge', pidMode: '', ipcMode: '', utsMode: '', usernsMode: '', privileged: false, readOnlyRoot: false,
    capAdd: [], capDrop: [], securityOpt: [], devices: [], limits: { memory: null, cpus: null, pids: null }, restartPolicy: 'no',
  };
  return { id: deterministicId('itm', 'container', name, when, state), kind: 'container', at: when, body };
}
