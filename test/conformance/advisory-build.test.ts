import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildBundle } from '@palisade/advisory/bundle/build';
import type { Manifest } from '@palisade/advisory/bundle/format';
import { openBundle } from '@palisade/advisory/bundle/open';
import type { Bundle } from '@palisade/advisory/bundle/open';
import { toFindings } from '@palisade/advisory/findings';
import type { Package } from '@palisade/model/package';
import { conformance, dataPath, unpack } from '../conformance-data.ts';

conformance('the bundle of all given feeds', ['feeds'], () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-advisory-'));
  let manifest: Manifest;
  let bundle: Bundle;

  beforeAll(async () => {
    const sources = readdirSync(dataPath('feeds')).map((file) => ({ path: dataPath(path.join('feeds', file)) }));
    manifest = await buildBundle({ sources, out: path.join(folder, 'all.db'), skipUnsupported: true });
    bundle = openBundle(path.join(folder, 'all.db'));
  });
  afterAll(() => {
    bundle.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds every record of every supported source, or says why not', () => {
    const records = Object.fromEntries(manifest.sources.map((source) => [source.name, source.records]));
    const floors = { 'osv-go': 4270, 'osv-pypi': 2650, 'osv-almalinux': 4480, 'osv-bitnami': 7440, 'osv-drupal': 590, 'osv-ghsa-sample': 715, 'osv-malicious-sample': 500, 'debian-dsa-dla': 8600, kev: 1404, epss: 360_000 };
    for (const [name, floor] of Object.entries(floors)) expect([name, (records[name] ?? 0) >= floor]).toEqual([name, true]);
    for (const source of manifest.sources) if (source.name.includes('sample')) expect(Object.values(source.coverage).every((coverage) => coverage !== 'complete')).toBe(true);
    // Whatever is not supported is named; nothing disappears.
    expect(manifest.sources.length + manifest.skipped.length).toBe(readdirSync(dataPath('feeds')).length);
    expect(bundle.verify()).toBe(true);
  });

  it('is the same file from unpacked folders given in another order', async () => {
    const names = ['osv-go', 'osv-drupal', 'osv-ghsa-sample'];
    const digest = async (sources: { path: string }[], out: string): Promise<string> => {
      await buildBundle({ sources, out });
      return createHash('sha256').update(readFileSync(out)).digest('hex');
    };
    const packed = await digest(names.map((name) => ({ path: dataPath(`feeds/${name}.tar.gz`) })), path.join(folder, 'packed.db'));
    const roots = names.map((name) => unpack(`feeds/${name}.tar.gz`));
    const { renameSync } = await import('node:fs');
    const folders = roots.map((root, index) => {
      const named = path.join(folder, names[index] ?? '');
      renameSync(root, named);
      return { path: named };
    });
    expect(await digest(folders.reverse(), path.join(folder, 'unpacked.db'))).toBe(packed);
  });

  it('knows no Debian 12 and says so for each of its packages', () => {
    const packages = ['bash', 'openssl', 'libc6'].map((name) => packageOf('Debian:12', name, '1.0-1'));
    const findings = toFindings(bundle.match(packages), { bundle });
    expect(findings.map((finding) => finding.answer)).toEqual(['unknown', 'unknown', 'unknown']);
    for (const finding of findings) expect(finding.reason).toContain('no feed covers debian:12');
  });

  it('answers for buster by its DSA and DLA lists, and claims no completeness', () => {
    const [old, patched, other] = bundle.match([
      packageOf('Debian:10', 'libssl1.1', '1.1.1d-0+deb10u2', { name: 'openssl', version: '1.1.1d-0+deb10u2' }),
      packageOf('Debian:10', 'openssl', '1.1.1zz-99'),
      packageOf('Debian:10', 'base-files', '10.3+deb10u13'),
    ]);
    expect(old?.vulnerabilities.map((one) => one.id)).toContain('CVE-2021-3449');
    expect(old?.vulnerabilities.find((one) => one.id === 'CVE-2021-3449')).toMatchObject({ fixState: 'fixed', epss: expect.anything() });
    expect([patched?.answer, other?.answer]).toEqual(['unknown', 'unknown']);
    expect(other?.reason).toContain('partial feed');
  });
});

function packageOf(ecosystem: string, name: string, version: string, source?: { name: string; version: string }): Package {
  return { purl: `pkg:deb/debian/${name}@${version}`, ecosystem, name, version, paths: [], ...(source === undefined ? {} : { source }) };
}
