import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildBundle } from '@palisade/advisory/bundle/build';
import { deterministicId } from '@palisade/model/id';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Item } from '@palisade/model/wire';
import type { Answer, Person } from './console-client.ts';
import { scanOf } from './console-documents.ts';

/** A scan as an agent without a feed sends it: packages, and for each that nothing is known. */
export function unfed(image: string, packages: number, when: string): Item {
  const scan: ScanResult = { ...scanOf(image, packages), findings: [], gaps: [{ kind: 'feed-missing', subject: 'debian:12', reason: 'no feed covers debian:12', count: packages }] };
  scan.findings = scan.packages.map((one) => ({ id: deterministicId('fnd', 'vulnerability', 'unknown', one.purl, one.layer ?? '', one.paths[0] ?? ''), kind: 'vulnerability', rule: 'unknown', severity: 'unknown', answer: 'unknown', reason: 'no feed covers debian:12', package: one.purl, priority: { score: 15, parts: [] }, title: { en: 'unknown', 'zh-CN': '未知' }, references: [] }));
  return { id: deterministicId('itm', 'scan', image, when), kind: 'scan', at: when, body: { source: 'image', scan } };
}

/** A bundle in `folder` in which the first `vulnerable` of `records` Debian 12 packages have one vulnerability each, fixed in 2.0. */
export async function debianBundle(folder: string, name: string, vulnerable: number, records = 60): Promise<string> {
  const source = path.join(folder, name);
  mkdirSync(source);
  for (let n = 0; n < records; n += 1) {
    const affected = [{ package: { ecosystem: 'Debian:12', name: `lib${n}` }, ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed: n < vulnerable ? '2.0' : '0.5' }] }] }];
    writeFileSync(path.join(source, `${n}.json`), JSON.stringify({ id: `CVE-2025-${1000 + n}`, modified: '2026-11-01T00:00:00Z', affected }));
  }
  const out = path.join(folder, `${name}.db`);
  await buildBundle({ sources: [{ path: source }], out });
  return out;
}

/** Sends bytes as a bundle to import. */
export async function uploadBundle(url: string, who: Person, bytes: Buffer | string, query = '', type = 'application/octet-stream'): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${url}/api/v1/feeds${query}`, { method: 'POST', body: typeof bytes === 'string' ? bytes : Uint8Array.from(bytes), headers: { cookie: who.cookie, 'x-csrf-token': who.csrf, 'content-type': type } });
  return { status: response.status, body: (await response.json()) as Answer };
}
