import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buildBundle } from '@palisade/advisory/bundle/build';
import { openBundle } from '@palisade/advisory/bundle/open';
import type { Bundle } from '@palisade/advisory/bundle/open';
import type { ScanResult } from '@palisade/model/scan-result';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { conformance, dataPath, unpack } from '../conformance-data.ts';
import { plainDeb } from './plain-versions.ts';

/** One line of the lists: what one notice says of one package of buster. */
type Said = { readonly names: readonly string[]; readonly version: string };
const intents: Readonly<Record<string, string>> = { '<end-of-life>': 'wont-fix', '<ignored>': 'wont-fix', '<postponed>': 'deferred', '<no-dsa>': 'deferred', '<unfixed>': 'not-fixed' };

/** The lists read by the letter: source package of buster → what is said of it. */
function plainLists(text: string): Map<string, Said[]> {
  const said = new Map<string, Said[]>();
  for (const notice of text.split(/\n(?=\[\d)/)) {
    const [, id = '', title = ''] = /^\[[^\]]+\] (D[SL]A-\S+)\s+(.*)/.exec(notice) ?? [];
    const cves = [...new Set([...notice.matchAll(/\{([^}]*)\}/g)].flatMap((match) => (match[1] ?? '').trim().split(/\s+/)).filter((one) => /^CVE-\d{4}-\d{4,}$/.test(one)))];
    const anyName = /\{\s*\S/.test(notice);
    if (id === '' || (!anyName && /regression|bug ?fix|functional update/i.test(title))) continue;
    for (const [, name = '', version = ''] of notice.matchAll(/^\s+\[buster\]\s+-\s+(\S+)\s+(\S+)/gm)) {
      if (version === '<not-affected>') continue;
      said.set(name, [...(said.get(name) ?? []), { names: cves.length > 0 ? cves : [id], version }]);
    }
  }
  return said;
}

/** What a package at this version has, one line a vulnerability: its name, its fix, or why there is none. */
function expectedOf(said: readonly Said[], version: string): string[] {
  const found = new Map<string, string[]>();
  for (const one of said) {
    const holds = intents[one.version] !== undefined || plainDeb(version, one.version) < 0;
    if (holds) for (const name of one.names) found.set(name, [...(found.get(name) ?? []), one.version]);
  }
  return [...found].map(([name, versions]) => {
    const fixes = versions.filter((one) => intents[one] === undefined).sort(plainDeb);
    return `${name} ${fixes.at(-1) ?? intents[versions[0] ?? '']}`;
  }).sort();
}

conformance('Debian\'s own word is kept', ['feeds/debian-dsa-dla.tar.gz'], () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-buster-'));
  const file = path.join(folder, 'feed.db');
  let bundle: Bundle;
  let said: Map<string, Said[]>;

  beforeAll(async () => {
    await buildBundle({ sources: [{ path: dataPath('feeds/debian-dsa-dla.tar.gz') }], out: file });
    bundle = openBundle(file);
    const lists = unpack('feeds/debian-dsa-dla.tar.gz');
    said = plainLists(globSync('**/list', { cwd: lists }).map((name) => readFileSync(path.join(lists, name), 'utf8')).join('\n'));
    rmSync(lists, { recursive: true, force: true });
  });
  afterAll(() => {
    bundle?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('for every source package of buster, around every fix', () => {
    let pairs = 0;
    for (const [name, own] of said) {
      const fixes = own.map((one) => one.version).filter((version) => intents[version] === undefined);
      const versions = new Set(['0', '99999:1', ...fixes, ...fixes.map((version) => `${version}~`), ...fixes.map((version) => `${version}+x`)]);
      for (const version of versions) {
        const [match] = bundle.match([{ purl: `pkg:deb/debian/${name}@${version}`, ecosystem: 'Debian:10', name, version, paths: [] }]);
        const found = (match?.vulnerabilities ?? []).map((one) => `${one.id} ${one.fixed ?? one.fixState}`).sort();
        const expected = expectedOf(own, version);
        expect([name, version, found]).toEqual([name, version, expected]);
        // The lists tell of notices only: without one the answer stays open.
        expect([name, version, match?.answer]).toEqual([name, version, expected.length > 0 ? 'affected' : 'unknown']);
        pairs += 1;
      }
    }
    expect(pairs).toBeGreaterThan(1500);
  });

  it('through a scan of a root directory, under the names of binary packages', () => {
    const root = path.join(folder, 'root');
    mkdirSync(path.join(root, 'var/lib/dpkg'), { recursive: true });
    mkdirSync(path.join(root, 'etc'));
    writeFileSync(path.join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="10"\nVERSION_CODENAME=buster\n');
    const chosen = [...said].slice(0, 150).map(([source, own]) => ({ source, version: own.find((one) => intents[one.version] === undefined)?.version ?? '1' }));
    writeFileSync(path.join(root, 'var/lib/dpkg/status'), chosen.map(({ source, version }) => `Package: ${source}-bin\nStatus: install ok installed\nArchitecture: amd64\nSource: ${source} (${version}~)\nVersion: 1:9~binary\n`).join('\n'));
    const output = path.join(folder, 'scan.json');
    execFileSync('sh', ['scripts/node.sh', 'apps/cli/src/main.ts', 'scan', `dir:${root}`, '--feed', file, '--format', 'json', '--output', output], { cwd: path.resolve(import.meta.dirname, '../..'), env: { ...process.env, PALISADE_HOME: path.join(folder, 'home') } });
    const result = JSON.parse(readFileSync(output, 'utf8')) as ScanResult;
    const nameOf = new Map(result.packages.map((one) => [one.purl, one.name]));
    const found = result.findings.filter((one) => one.answer === 'affected').map((one) => `${nameOf.get(one.package ?? '')} ${one.rule} ${one.fixed ?? one.fixState}`);
    const expected = chosen.flatMap(({ source, version }) => expectedOf(said.get(source) ?? [], `${version}~`).map((line) => `${source}-bin ${line}`));
    expect(expected.length).toBeGreaterThan(150);
    expect(found.sort()).toEqual(expected.sort());
  });
});
