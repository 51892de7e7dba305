import type { Finding } from '@palisade/model/finding';
import { ScanResult } from '@palisade/model/scan-result';

const base: Pick<Finding, 'priority' | 'references'> = { priority: { score: 40, parts: [{ name: 'severity', value: 40, why: { en: 'why', 'zh-CN': '为何' } }] }, references: ['https://example.test/a b?x=1', 'not a uri'] };
const layer = `sha256:${'1'.repeat(64)}`;

/** A partial scan with everything a format has to say: each answer, a waiver, gaps, texts made to break out of markup. */
export const scan: ScanResult = ScanResult.parse({
  schema: 'palisade.scan/1',
  target: { kind: 'docker', ref: 'shop/api:1.2' },
  status: 'partial',
  content: 'verified',
  gaps: [
    { kind: 'feed-missing', subject: 'debian:12', reason: 'no feed covers debian:12', count: 2 },
    { kind: 'archive-damaged', subject: layer, reason: 'ends within "x"\u0007<b>', count: 3 },
  ],
  feed: { id: `sha256:${'f'.repeat(64)}`, built: '2026-01-01', age: 86_400 * 3, sources: [{ name: 'osv', date: '2026-01-01', records: 5, coverage: { npm: 'complete' } }] },
  image: { id: `sha256:${'a'.repeat(64)}`, digest: `sha256:${'b'.repeat(64)}`, platform: 'linux/amd64', created: '2026-01-02T03:04:05Z', layers: [{ diffId: layer, instruction: 'COPY . /app', size: 10, base: false }], names: ['shop/api:1.2'] },
  lookedAt: { files: 12, bytes: 3400, layers: 1, detectors: ['npm', 'secrets'] },
  packages: [
    { purl: 'pkg:npm/lodash@4.17.20', name: 'lodash', version: '4.17.20', ecosystem: 'npm', layer, paths: ['app/node_modules/lodash/package.json'], licenses: ['MIT'] },
    { purl: 'pkg:npm/%40a/b@1.0.0', name: '@a/b', version: '1.0.0', ecosystem: 'npm', layer, paths: ['app/a', 'app/b'], licenses: ['MIT OR Apache-2.0', 'Own "licence" <1>'] },
    { purl: 'pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12', name: 'openssl', version: '3.0.9-1', ecosystem: 'Debian:12', layer, paths: ['var/lib/dpkg/status'], source: { name: 'openssl', version: '3.0.9-1' }, arch: 'amd64' },
    { purl: 'pkg:deb/debian/zlib1g@1.2?distro=debian-12', name: 'zlib1g', version: '1.2', ecosystem: 'Debian:12', layer, paths: ['var/lib/dpkg/status'], removed: layer },
  ],
  findings: [
    { ...base, id: 'fnd_a', kind: 'vulnerability', rule: 'CVE-2020-8203', severity: 'high', answer: 'affected', package: 'pkg:npm/lodash@4.17.20', fixed: '4.17.21', fixState: 'fixed', layer, instruction: 'COPY . /app', path: 'app/node_modules/lodash/package.json', aliases: ['GHSA-p6mc-m468-83gw'], cvss: { vector: 'CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H', score: 7.4 }, epss: 0.02, kev: true, title: { en: 'lodash 4.17.20 is affected <script>alert(1)</script>', 'zh-CN': 'lodash 受影响' }, description: { en: 'Prototype pollution ]]> \u0000 & more', 'zh-CN': '原型污染' }, remedy: { en: 'Upgrade to 4.17.21', 'zh-CN': '升级到 4.17.21' } },
    { ...base, id: 'fnd_b', kind: 'vulnerability', rule: 'CVE-2024-1', severity: 'medium', answer: 'unknown', reason: 'the version does not parse', package: 'pkg:npm/%40a/b@1.0.0', title: { en: 'not known', 'zh-CN': '不确定' } },
    { ...base, id: 'fnd_c', kind: 'vulnerability', rule: 'unknown', severity: 'unknown', answer: 'unknown', reason: 'no feed covers debian:12', package: 'pkg:deb/debian/openssl@3.0.9-1?arch=amd64&distro=debian-12', layer, title: { en: 'openssl: unknown', 'zh-CN': '未知' } },
    { ...base, id: 'fnd_d', kind: 'vulnerability', rule: 'unknown', severity: 'unknown', answer: 'unknown', reason: 'no feed covers debian:12', package: 'pkg:deb/debian/zlib1g@1.2?distro=debian-12', title: { en: 'zlib1g: unknown', 'zh-CN': '未知' } },
    { ...base, id: 'fnd_e', kind: 'secret', rule: 'github-token', severity: 'critical', answer: 'affected', path: 'app/../c d#.py', evidence: 'app/../c d#.py:7: ghp_************', layer, title: { en: 'A GitHub token', 'zh-CN': 'GitHub 令牌' }, references: [] },
    { ...base, id: 'fnd_f', kind: 'misconfiguration', rule: 'image-config-root-user', severity: 'low', answer: 'affected', title: { en: 'Runs as root', 'zh-CN': '以 root 运行' }, references: [] },
  ],
  verdict: { result: 'deny', reasons: [{ policy: 'p', rule: 'r', result: 'deny', because: { en: 'A fix exists.', 'zh-CN': '已有修复版本。' }, findings: ['fnd_a'] }], waived: [{ finding: 'fnd_f', waiver: 'w', reason: 'needs <root>' }], unusedWaivers: [{ waiver: 'old', state: 'expired', detail: '2020-01-01' }] },
});
