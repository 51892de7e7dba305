import { execFileSync } from 'node:child_process';
import { readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildBundle } from '../src/bundle/build.ts';
import { openBundle } from '../src/bundle/open.ts';
import { shrinkage } from '../src/bundle/shrink.ts';
import { parser as osvParser } from '../src/osv/parser.ts';
import { bundleOf, folderOf, osv, packageOf, parseWith, ranged, scratch } from './kit.ts';
import { fuzz } from '../../../test/fuzz.ts';

const files = {
  'npm/a.json': osv('GHSA-1', [ranged('npm', 'left', { introduced: '0' }, { fixed: '1.2.0' })]),
  'npm/b.json': osv('GHSA-2', [ranged('npm', 'left', { introduced: '2.0.0' })], { aliases: ['CVE-2020-0001'] }),
  'c.json': osv('GHSA-3', [ranged('Go', 'example.org/x', { introduced: '0' }, { fixed: '1.0.0' })]),
};

async function built(...sources: readonly string[]): Promise<Buffer> {
  const out = path.join(scratch(), 'bundle.db');
  await buildBundle({ sources: sources.map((source) => ({ path: source })), out });
  return readFileSync(out);
}

describe('a bundle', () => {
  it('is the same bytes from a directory, a tar in another order, and a zip-free second run', async () => {
    const folder = folderOf(files, 'osv');
    const epss = path.join(folderOf({ 'epss.csv': 'cve,epss,percentile\nCVE-2020-0001,0.5,0.9\n' }), 'epss.csv');
    const first = await built(folder, epss);
    const tar = path.join(scratch(), 'osv.tar.gz');
    utimesSync(path.join(folder, 'c.json'), 1, 1);
    execFileSync('tar', ['-czf', tar, '-C', folder, 'c.json', 'npm/b.json', 'npm/a.json']);
    expect((await built(epss, tar)).equals(first)).toBe(true);
  });

  it('keeps the newest of a record that two sources hold', async () => {
    const old = folderOf({ 'a.json': osv('GHSA-1', [ranged('npm', 'left', { introduced: '0' })], { modified: '2020-01-01T00:00:00Z' }) }, 'old');
    const bundle = await bundleOf(old, folderOf(files, 'new'));
    expect(bundle.match([packageOf('npm', 'left', '1.5.0')])[0]?.answer).toBe('not-affected');
    expect(bundle.manifest.counts.advisories).toBe(3);
  });

  it('refuses a source of no supported kind by name, or skips it by name', async () => {
    const odd = folderOf({ 'x.toml': 'a = 1' }, 'odd-feed');
    await expect(built(odd)).rejects.toThrow(/odd-feed: a source of a kind not supported yet/);
    const out = path.join(scratch(), 'b.db');
    const manifest = await buildBundle({ sources: [{ path: odd }, { path: folderOf(files) }], out, skipUnsupported: true });
    expect(manifest.skipped).toEqual([{ name: 'odd-feed', reason: 'a source of a kind not supported yet' }]);
    await expect(buildBundle({ sources: [{ path: odd, kind: 'nonsense' }], out })).rejects.toThrow(/unknown kind "nonsense"/);
    await expect(built(path.join(odd, 'absent'))).rejects.toThrow(/absent/);
  });

  it('makes the coverage partial when a record cannot be read, and names it', async () => {
    const bundle = await bundleOf(folderOf({ ...files, 'npm/bad.json': '{"id": "GHSA-4", "affected": [' }));
    expect(bundle.manifest.sources[0]?.broken[0]?.where).toBe('npm/bad.json');
    expect(bundle.match([packageOf('npm', 'none', '1.0.0')])[0]).toMatchObject({ answer: 'unknown', reason: 'partial feed: 1 records could not be read' });
  });

  it('is refused when it is none, and notices a changed row', async () => {
    const file = path.join(scratch(), 'not.db');
    writeFileSync(file, 'hello');
    expect(() => openBundle(file)).toThrow(/not a feed bundle/);
    expect(() => openBundle(`${file}.absent`)).toThrow(/no such feed bundle/);
    writeFileSync(file, await built(folderOf(files)));
    const clean = openBundle(file);
    expect(clean.verify()).toBe(true);
    clean.close();
    const database = new DatabaseSync(file);
    database.exec("UPDATE package SET entries = '[]' WHERE name = 'left'");
    database.close();
    const changed = openBundle(file);
    expect(changed.verify()).toBe(false);
    changed.close();
  });

  it('is as old as its newest true date, whatever else its records write there', async () => {
    const bundle = await bundleOf(folderOf({ 'a.json': osv('GO-1', [ranged('Go', 'a', { introduced: '0' })], { modified: '2024-05-06T07:08:09Z' }), 'b.json': osv('GO-2', [ranged('Go', 'b', { introduced: '0' })], { modified: '<a date>', published: '0001-01-01T00:00:00Z' }) }));
    expect(bundle.manifest.built).toBe('2024-05-06T07:08:09Z');
    expect(bundle.summary(new Date('2024-05-06T07:09:09Z')).age).toBe(60);
    const undated = await bundleOf(folderOf({ 'b.json': osv('GO-2', [ranged('Go', 'b', { introduced: '0' })], { modified: '<a date>' }) }));
    expect(undated.manifest.built).toBe('unknown');
  });

  it('notices when it lost data', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}.json`, osv(`GHSA-${n}`, [ranged('npm', 'left', { introduced: '0' })])]));
    const before = await bundleOf(folderOf({ ...many, 'go.json': files['c.json'] }));
    const after = await bundleOf(folderOf(Object.fromEntries(Object.entries(many).slice(0, 40))));
    expect(shrinkage(before.manifest, after.manifest)).toEqual(['Go: 1 records before, none now', 'npm: 60 records before, 40 now']);
    expect(shrinkage(after.manifest, before.manifest)).toEqual([]);
  });
});

describe('hostile OSV input', () => {
  it('never ends in anything but a record, a named skip or a named broken record', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom('0', null, [], {}, '__proto__'));
    const document = fc.record(
      { id: fc.oneof(fc.string(), value), modified: value, aliases: value, summary: value, severity: value, database_specific: value, affected: fc.oneof(value, fc.array(fc.record({ package: fc.oneof(value, fc.record({ ecosystem: fc.string(), name: fc.string() })), ranges: fc.oneof(value, fc.array(fc.record({ type: fc.constantFrom('SEMVER', 'ECOSYSTEM', 'GIT'), events: value }))), versions: value }, { requiredKeys: [] }))) },
      { requiredKeys: ['id', 'affected'] },
    );
    await fc.assert(
      fc.asyncProperty(document, async (one) => {
        const read = await parseWith(osvParser, { 'x.json': JSON.stringify(one) });
        expect(read.advisories.length + read.broken.length + [...read.skips.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(0);
      }),
      fuzz(500),
    );
  });
  it('survives any bytes, as JSON and as YAML', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('x.json', 'x.yaml'), async (bytes, name) => {
        const read = await parseWith(osvParser, { [name]: Buffer.from(bytes) });
        expect(read.advisories).toEqual([]);
      }),
      fuzz(500),
    );
  });
  it('refuses YAML that grows by aliases', async () => {
    const read = await parseWith(osvParser, { 'x.yaml': 'id: &a X\nmodified: "1"\naffected: []\ndetails: *a\n' });
    expect(read.broken).toHaveLength(1);
  });
});
