import { readdirSync, existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Feed } from '../src/feed.ts';
import { feeds } from '../src/registry.ts';
import { acceptFeed } from './accept-feed.ts';
import { osv, ranged } from './kit.ts';

const examples: Readonly<Record<string, { example: Record<string, string>; records: number }>> = {
  osv: {
    example: {
      'a.json': osv('GHSA-aaaa-bbbb-cccc', [ranged('npm', 'left', { introduced: '0' }, { fixed: '1.2.0' })]),
      'b.yaml': 'id: PYSEC-2021-1\nmodified: "2021-01-01T00:00:00Z"\naffected:\n- package: {ecosystem: PyPI, name: lxml}\n  ranges:\n  - type: ECOSYSTEM\n    events:\n    - introduced: "0"\n    - fixed: 4.6.3\n',
    },
    records: 2,
  },
  'debian-tracker': {
    example: { 'tracker.json': JSON.stringify({ zlib: { 'CVE-2022-37434': { description: 'A buffer over-read.', releases: { buster: { status: 'resolved', fixed_version: '1:1.2.11.dfsg-1+deb10u2', urgency: 'not yet assigned' } } } } }) },
    records: 1,
  },
  'alpine-secdb': { example: { 'v3.9/main.yaml': 'distroversion: v3.9\nreponame: main\npackages:\n  - pkg:\n      name: musl\n      secfixes:\n        1.1.20-r5:\n          - CVE-2019-14697\n        1.1.15-r4:\n          - CVE-2016-8859 XSA-1\n        "0":\n          - CVE-2000-0001\n' }, records: 2 },
  'debian-lists': { example: { 'DSA/list': '[29 Mar 2023] DSA-5380-1 xorg-server - security update\n\t{CVE-2023-1393}\n\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6\n' }, records: 1 },
  'exploitdb-index': { example: { 'files_exploits.csv': 'id,file,description,date_published,author,type,platform,port,date_added,date_updated,verified,codes,tags\n1,a.c,"one, ""two""\nlines",,,dos,aix,,,,,CVE-2009-4265;CVE-2009-4266;OSVDB-1,\r\n2,b.c,,,,dos,aix,,,,,,\n3,c.c,x,,,dos,aix,,,,,CVE-2009-4265,' }, records: 2 },
  kev: { example: { 'kev.json': JSON.stringify({ catalogVersion: '2025.08.25', dateReleased: '2025-08-25T17:04:19Z', vulnerabilities: [{ cveID: 'CVE-2021-44228', dateAdded: '2021-12-10', dueDate: '2021-12-24', requiredAction: 'Update.', knownRansomwareCampaignUse: 'Known' }] }) }, records: 1 },
  epss: { example: { 'epss.csv': '#model_version:v2025,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\nCVE-1999-0001,0.03351,0.87650\nCVE-1999-0002,0.27858,0.97929\n' }, records: 2 },
};

describe('the registry of feeds', () => {
  it('holds every folder with a parser, and nothing else', () => {
    const source = path.resolve(import.meta.dirname, '../src');
    const folders = readdirSync(source, { withFileTypes: true }).filter((entry) => entry.isDirectory() && existsSync(path.join(source, entry.name, 'parser.ts'))).map((entry) => entry.name);
    expect(folders.sort()).toEqual(Object.keys(feeds).sort());
    for (const folder of folders) expect(existsSync(path.join(source, folder, 'fetcher.ts'))).toBe(true);
    expect(Object.keys(examples).sort()).toEqual(folders.sort());
  });
});

for (const [id, one] of Object.entries(examples)) {
  describe(`feed ${id}`, () => {
    acceptFeed({ id, feed: feeds[id] as Feed, ...one });
  });
}
