import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { cataloguers } from '@palisade/catalog/registry';
import { acceptCataloguer } from './accept-cataloguer.ts';
import { cases } from './cases.ts';
import { readWith } from './open-file.ts';
import { zipOf } from './zip-fixture.ts';

for (const cataloguer of cataloguers) {
  const given = cases[cataloguer.id];
  if (given !== undefined) acceptCataloguer(cataloguer, given);
}

it('registers every folder with a cataloguer under its own name, and has a case for each', () => {
  const src = path.join(import.meta.dirname, '../src');
  const folders = readdirSync(src, { withFileTypes: true }).filter((entry) => entry.isDirectory() && readdirSync(path.join(src, entry.name)).includes('cataloguer.ts'));
  expect(cataloguers.map(({ id }) => id)).toEqual(folders.map(({ name }) => name).sort());
  expect(Object.keys(cases).sort()).toEqual(cataloguers.map(({ id }) => id));
});

it.each(['rpmdb.sqlite', 'Packages.db', 'Packages'])('reads the same packages and owners from %s', async (name) => {
  const rpm = cataloguers.find(({ id }) => id === 'rpm') as (typeof cataloguers)[number];
  const { data, gaps } = await readWith(rpm, `var/lib/rpm/${name}`, readFileSync(path.join(import.meta.dirname, 'fixtures', name)));
  expect(gaps).toEqual([]);
  const beta = data?.packages?.find((found) => found.name === 'beta');
  expect(beta).toMatchObject({ version: '3:2.0~rc1-1', arch: 'noarch', qualifiers: { rpmmod: 'perl:5.30:8030020200313080146:1235a2e5' } });
  expect(data?.owned?.find(({ owner }) => owner === 'alpha')?.paths).toContain('usr/lib/python3/site-packages/alpha-1.2.3.dist-info/METADATA');
});

it('stops at the depth limit of nested archives, with a gap', async () => {
  const jar = cataloguers.find(({ id }) => id === 'jar') as (typeof cataloguers)[number];
  let bytes = zipOf({ 'a.txt': 'x' });
  for (let depth = 0; depth < 10; depth += 1) bytes = zipOf({ [`n${depth}.jar`]: bytes });
  const { gaps } = await readWith(jar, 'opt/deep.jar', bytes);
  expect(gaps.map(({ kind }) => kind)).toEqual(['limit-package-file']);
});

it('reports a bomb in a jar instead of unpacking it', async () => {
  const jar = cataloguers.find(({ id }) => id === 'jar') as (typeof cataloguers)[number];
  const { gaps } = await readWith(jar, 'opt/bomb.jar', zipOf({ 'META-INF/MANIFEST.MF': Buffer.alloc(64 * 1024 * 1024) }));
  expect(gaps[0]?.reason).toMatch(/over the limit/);
});

it('reads no page of a database more often than a sound one needs', async () => {
  const rpm = cataloguers.find(({ id }) => id === 'rpm') as (typeof cataloguers)[number];
  // Every slot of an ndb file names the same large blob.
  const file = Buffer.alloc(4096 + 8192);
  file.write('RpmP', 0, 'latin1');
  file.writeUInt32LE(1, 12);
  for (let at = 32; at < 4096; at += 16) {
    file.write('Slot', at, 'latin1');
    file.writeUInt32LE(7, at + 4);
    file.writeUInt32LE(256, at + 8);
  }
  file.write('BlbS', 4096, 'latin1');
  file.writeUInt32LE(7, 4100);
  file.writeUInt32LE(8000, 4108);
  const { gaps } = await readWith(rpm, 'var/lib/rpm/Packages.db', file);
  expect(gaps.at(-1)?.reason).toMatch(/used more than once/);
  // An interior page of an SQLite b-tree that names itself.
  const loop = readFileSync(path.join(import.meta.dirname, 'fixtures/rpmdb.sqlite'));
  loop[100] = 5;
  loop.writeUInt16BE(0, 103);
  loop.writeUInt32BE(1, 108);
  expect((await readWith(rpm, 'var/lib/rpm/rpmdb.sqlite', loop)).gaps[0]?.reason).toMatch(/loop/);
});
