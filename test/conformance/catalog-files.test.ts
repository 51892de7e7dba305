import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { cataloguers } from '@palisade/catalog/registry';
import type { CatalogData } from '@palisade/catalog/found';
import type { Gap } from '@palisade/model/gap';
import { conformance, unpack } from '../conformance-data.ts';

type Rule = { readonly as: string; readonly cataloguer: string; /** Names of files that must end in a gap. */ readonly broken?: RegExp };

/** Folder of the archive → the path under which its files would lie in an image. */
const rules: Readonly<Record<string, Rule>> = {
  'language/cpp/conanlock': { as: 'app/conan.lock', cataloguer: 'conan', broken: /^(not-json|null)/ },
  'language/dart/pubspec': { as: 'app/pubspec.lock', cataloguer: 'pub', broken: /^not-yaml/ },
  'language/dotnet/depsjson': { as: 'app/a.deps.json', cataloguer: 'nuget', broken: /^invalid/ },
  'language/dotnet/packageslockjson': { as: 'app/packages.lock.json', cataloguer: 'nuget', broken: /^invalid\// },
  'language/elixir/mixlock': { as: 'app/mix.lock', cataloguer: 'hex', broken: /^invalid/ },
  'language/erlang/mixlock': { as: 'app/mix.lock', cataloguer: 'hex' },
  'language/golang/gomod': { as: 'app/go.mod', cataloguer: 'go-mod', broken: /^not-go-mod/ },
  'language/javascript/packagejson': { as: 'app/node_modules/x/package.json', cataloguer: 'npm', broken: /^(invalid|not-json)/ },
  'language/javascript/packagelockjson': { as: 'app/package-lock.json', cataloguer: 'npm', broken: /^(not-json|null)/ },
  'language/javascript/pnpmlock': { as: 'app/pnpm-lock.yaml', cataloguer: 'npm', broken: /^not-yaml/ },
  'language/javascript/yarnlock': { as: 'app/yarn.lock', cataloguer: 'npm', broken: /^no-version/ },
  'language/php/composerlock': { as: 'app/composer.lock', cataloguer: 'composer', broken: /^(not-json|null)/ },
  'language/python/pdmlock': { as: 'app/pdm.lock', cataloguer: 'python', broken: /^not-toml/ },
  'language/python/pipfilelock': { as: 'app/Pipfile.lock', cataloguer: 'python', broken: /^(not-json|empty-file)/ },
  'language/python/poetrylock': { as: 'app/poetry.lock', cataloguer: 'python', broken: /^not-toml/ },
  'language/python/pylock': { as: 'app/pylock.toml', cataloguer: 'python', broken: /^not-toml/ },
  'language/python/requirements': { as: 'app/requirements.txt', cataloguer: 'python' },
  'language/python/uvlock': { as: 'app/uv.lock', cataloguer: 'python', broken: /^not-toml/ },
  'language/python/wheelegg': { as: 'app/x.dist-info/METADATA', cataloguer: 'python', broken: /^empty$/ },
  'language/r/renvlock': { as: 'app/renv.lock', cataloguer: 'cran', broken: /^(not-json|null)/ },
  'language/ruby/gemfilelock': { as: 'app/Gemfile.lock', cataloguer: 'gem' },
  'language/rust/cargolock': { as: 'app/Cargo.lock', cataloguer: 'cargo', broken: /^not-toml/ },
  'os/apk': { as: 'lib/apk/db/installed', cataloguer: 'apk', broken: /^invalid/ },
  'os/dpkg/dpkg': { as: 'var/lib/dpkg/status', cataloguer: 'dpkg', broken: /^(invalid|nopackage|noversion)/ },
  'os/dpkg/opkg': { as: 'usr/lib/opkg/status', cataloguer: 'dpkg', broken: /^(invalid|nopackage|noversion)/ },
  'os/rpm': { as: 'var/lib/rpm/Packages', cataloguer: 'rpm', broken: /^(invalid|empty)/ },
};

conformance('package files', ['package-file-fixtures.tar.gz'], () => {
  const folder = unpack('package-file-fixtures.tar.gz');
  let files = 0;
  let packages = 0;

  it.each(Object.entries(rules))('%s', async (place, rule) => {
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
