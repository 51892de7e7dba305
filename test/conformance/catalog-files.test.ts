import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { cataloguers } from '@palisade/catalog/registry';
import type { CatalogData } from '@palisade/catalog/found';
import type { Gap } from '@palisade/model/gap';
import { conformance, unpack } from '../conformance-data.ts';
import { fixturePlaces } from './fixture-places.ts';

conformance('package files', ['package-file-fixtures.tar.gz'], () => {
  const folder = unpack('package-file-fixtures.tar.gz');
  let files = 0;
  let packages = 0;

  it.each(Object.entries(fixturePlaces))('%s', async (place, rule) => {
    const cataloguer = cataloguers.find(({ id }) => id === rule.cataloguer) as (typeof cataloguers)[number];
    const wrong: string[] = [];
    for (const entry of readdirSync(path.join(folder, place), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = path.relative(path.join(folder, place), path.join(entry.parentPath, entry.name));
      if (/\.(sum|md|Dockerfile)$/.test(name) || name.includes('node_modules')) continue;
      const bytes = readFileSync(path.join(folder, place, name));
      const { data, gaps } = await read(cataloguer, name.endsWith('.md5sums') ? 'var/lib/dpkg/status.d/foo.md5sums' : rule.as, bytes);
      files += 1;
      packages += data?.packages?.length ?? 0;
      const broken = rule.broken?.test(name) === true;
      if (broken && gaps.length === 0) wrong.push(`${name}: broken, but no gap`);
      if (!broken && gaps.some(({ reason }) => !/entries without|fields|lines that are no directive/.test(reason))) wrong.push(`${name}: ${gaps.map(({ reason }) => reason).join('; ')}`);
    }
    expect(wrong).toEqual([]);
  });

  it('read as many files and packages as there are', () => {
    expect(files).toBeGreaterThanOrEqual(270);
    expect(packages).toBeGreaterThanOrEqual(820);
  });
});

async function read(cataloguer: (typeof cataloguers)[number], as: string, bytes: Buffer): Promise<{ data: CatalogData | undefined; gaps: Gap[] }> {
  const gaps: Gap[] = [];
  const stat = { path: as, type: 'file' as const, size: bytes.length, mode: 0o644, uid: 0, gid: 0, mtime: 0 };
  if (bytes.length > 0) expect(cataloguer.wants(stat)).toBe(true);
  const random = { size: bytes.length, read: async (offset: number, length: number) => bytes.subarray(offset, offset + length) };
  const file = { stat, bytes: async () => bytes, random: async () => random, stream: async function* stream() { yield bytes; } };
  return { data: await cataloguer.read(file, { gap: (gap) => void gaps.push(gap), signal: new AbortController().signal }), gaps };
}
