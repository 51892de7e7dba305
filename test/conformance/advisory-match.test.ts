import { copyFileSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildBundle } from '@palisade/advisory/bundle/build';
import { openBundle } from '@palisade/advisory/bundle/open';
import type { Bundle } from '@palisade/advisory/bundle/open';
import { assemblePackages } from '@palisade/catalog/assemble';
import { cataloguers } from '@palisade/catalog/registry';
import { analyseRoot } from '@palisade/image/analyse';
import type { Package } from '@palisade/model/package';
import { conformance, dataPath, unpack } from '../conformance-data.ts';
import { ordered, plainlyAffected } from './advisory-reference.ts';
import type { RawRecord } from './advisory-reference.ts';
import { fixturePlaces } from './fixture-places.ts';

type Corpus = {
  readonly archive: string;
  readonly ecosystem: string;
  readonly scheme: string;
  readonly floor: number;
  /** Also these spellings of the ecosystem are the same one. */
  readonly also?: (ecosystem: string) => boolean;
  readonly name?: (name: string) => string;
};

const lower = (name: string): string => name.toLowerCase();
const corpora: readonly Corpus[] = [
  { archive: 'osv-go', ecosystem: 'Go', scheme: 'go', floor: 5_000 },
  { archive: 'osv-pypi', ecosystem: 'PyPI', scheme: 'pep440', floor: 4_700, name: (name) => name.toLowerCase().replace(/[-_.]+/g, '-') },
  { archive: 'osv-almalinux', ecosystem: 'AlmaLinux:9', scheme: 'rpm', floor: 5_000 },
  { archive: 'osv-almalinux', ecosystem: 'AlmaLinux:8', scheme: 'rpm', floor: 5_000 },
  { archive: 'osv-bitnami', ecosystem: 'Bitnami', scheme: 'semver', floor: 1_000, name: lower },
  { archive: 'osv-drupal', ecosystem: 'Packagist', scheme: 'packagist', floor: 500, name: lower, also: (ecosystem) => ecosystem.startsWith('Packagist:') },
  { archive: 'osv-ghsa-sample', ecosystem: 'Maven', scheme: 'maven', floor: 1_000 },
  { archive: 'osv-ghsa-sample', ecosystem: 'npm', scheme: 'semver', floor: 500 },
];
const perPackage = 24;
const maxPackages = 5000;

/** Ecosystems of the sample files and the corpus that speaks of them; `sample`: one that claims no coverage. */
const spoken: readonly (Corpus & { readonly sample?: true })[] = [
  { archive: 'osv-go', ecosystem: 'Go', scheme: 'go', floor: 10 },
  { archive: 'osv-pypi', ecosystem: 'PyPI', scheme: 'pep440', floor: 100, name: (name) => name.toLowerCase().replace(/[-_.]+/g, '-') },
  { archive: 'osv-ghsa-sample', ecosystem: 'npm', scheme: 'semver', floor: 200, sample: true },
  { archive: 'osv-ghsa-sample', ecosystem: 'Packagist', scheme: 'packagist', floor: 5, name: lower, sample: true },
  { archive: 'osv-ghsa-sample', ecosystem: 'RubyGems', scheme: 'gem', floor: 60, sample: true },
  { archive: 'osv-ghsa-sample', ecosystem: 'crates.io', scheme: 'semver', floor: 5, sample: true },
  { archive: 'osv-ghsa-sample', ecosystem: 'NuGet', scheme: 'nuget', floor: 5, name: lower, sample: true },
  { archive: 'osv-ghsa-sample', ecosystem: 'Pub', scheme: 'pub', floor: 5, sample: true },
  // Nothing speaks of these.
  { archive: 'osv-go', ecosystem: 'CRAN', scheme: 'cran', floor: 5 },
];

conformance('matching agrees with a plain reference', ['package-file-fixtures.tar.gz', ...new Set(corpora.map(({ archive }) => `feeds/${archive}.tar.gz`))], () => {
  const folders: string[] = [];
  const bundles = new Map<string, Bundle>();
  const records = new Map<string, RawRecord[]>();

  beforeAll(async () => {
    for (const archive of new Set(corpora.map((corpus) => corpus.archive))) {
      const folder = unpack(`feeds/${archive}.tar.gz`);
      folders.push(folder);
      const out = path.join(folder, 'bundle.db');
      await buildBundle({ sources: [{ path: dataPath(`feeds/${archive}.tar.gz`) }], out });
      bundles.set(archive, openBundle(out));
      records.set(archive, globSync('**/*.{json,yaml}', { cwd: folder }).map((file) => decode(path.join(folder, file))));
    }
  });
  afterAll(() => {
    for (const bundle of bundles.values()) bundle.close();
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });

  for (const corpus of corpora) {
    it(`${corpus.archive}: ${corpus.ecosystem}`, () => {
      const bundle = bundles.get(corpus.archive);
      if (bundle === undefined) throw new Error('no bundle');
      const byName = indexed(records.get(corpus.archive) ?? [], corpus);
      let pairs = 0;
      let affected = 0;
      for (const [name, own] of sampled([...byName], maxPackages)) {
        for (const version of versionsOf(own, corpus, name)) {
          const same = (ecosystem: string, other: string): boolean => sameEcosystem(corpus, ecosystem) && keyOf(corpus, other) === name;
          const expected = own.filter((record) => plainlyAffected(record, corpus.scheme, same, version) === true).map((record) => record.id);
          const [match] = bundle.match([{ purl: `pkg:generic/x@${version}`, ecosystem: corpus.ecosystem, name, version, paths: [] }]);
          const rows = new Set((match?.vulnerabilities ?? []).filter((one) => one.answer === 'affected').flatMap((one) => one.advisories));
          const found = [...rows].map((row) => bundle.advisory(row).name);
          expect([name, version, found.sort()]).toEqual([name, version, [...new Set(expected)].sort()]);
          pairs += 1;
          affected += expected.length;
        }
      }
      expect(pairs).toBeGreaterThanOrEqual(corpus.floor);
      expect(affected).toBeGreaterThan(corpus.floor / 4);
    });
  }

  it('every package of the sample files: which advisories, which answer, and why it is unknown', async () => {
    const packages = await samplePackages();
    let affected = 0;
    for (const corpus of spoken) {
      const bundle = bundles.get(corpus.archive);
      if (bundle === undefined) throw new Error('no bundle');
      const byName = indexed(records.get(corpus.archive) ?? [], corpus);
      const own = packages.filter((one) => one.ecosystem === corpus.ecosystem);
      expect([corpus.ecosystem, own.length >= corpus.floor ? 'enough' : own.length]).toEqual([corpus.ecosystem, 'enough']);
      // All at once, as a scan asks.
      const matches = bundle.match(own);
      for (const [at, one] of own.entries()) {
        const match = matches[at];
        const name = keyOf(corpus, one.name);
        const same = (ecosystem: string, other: string): boolean => sameEcosystem(corpus, ecosystem) && keyOf(corpus, other) === name;
        const said = (byName.get(name) ?? []).map((record) => ({ id: record.id, holds: plainlyAffected(record, corpus.scheme, same, one.version) }));
        const expected = said.filter(({ holds }) => holds === true).map(({ id }) => id);
        const rows = new Set((match?.vulnerabilities ?? []).filter((found) => found.answer === 'affected').flatMap((found) => found.advisories));
        const found = [...rows].map((row) => bundle.advisory(row).name).sort();
        expect([one.purl, found]).toEqual([one.purl, [...new Set(expected)].sort()]);
        affected += expected.length;
        const open = said.some(({ holds }) => holds === undefined);
        const spokenOf = records.get(corpus.archive)?.some((record) => (record.affected ?? []).some((entry) => entry.package !== undefined && sameEcosystem(corpus, entry.package.ecosystem))) === true;
        const why = open ? one.version : !spokenOf ? `no feed covers ${corpus.ecosystem.toLowerCase()}` : `no feed covers ${corpus.ecosystem.toLowerCase()} (partial feed: a sample)`;
        const answer = expected.length > 0 ? ['affected', undefined] : open || !spokenOf || corpus.sample === true ? ['unknown', why] : ['not-affected', undefined];
        expect([one.purl, match?.answer, open && match?.reason?.includes(why) === true ? why : match?.reason]).toEqual([one.purl, ...answer]);
      }
    }
    expect(packages.filter((one) => !spoken.some((corpus) => corpus.ecosystem === one.ecosystem) && !['Maven', 'Hex', 'ConanCenter'].includes(one.ecosystem))).toEqual([]);
    expect(affected).toBeGreaterThan(50);
  });

  it('by an order of versions that is written a second time', () => {
    const share = Object.fromEntries([...ordered].map(([scheme, { own, borrowed }]) => [scheme, own / (own + borrowed)]));
    // What is no plain release of its scheme goes to packages/version, and the orders of Maven, Composer, Pub and NuGet whole.
    for (const [scheme, floor] of Object.entries(ownOrder)) expect([scheme, share[scheme]]).toEqual([scheme, expect.toSatisfy((found: number) => found >= floor)]);
    expect([...ordered.keys()].filter((scheme) => ownOrder[scheme] === undefined && !borrowed.has(scheme))).toEqual([]);
    expect([...ordered.values()].reduce((sum, { own }) => sum + own, 0)).toBeGreaterThan(100_000);
  });
});

/** Schemes and the least share of their comparisons that the reference makes without packages/version. */
const ownOrder: Readonly<Record<string, number>> = { go: 0.9, pep440: 0.9, rpm: 0.9, semver: 0.9, gem: 0.9 };
const borrowed: ReadonlySet<string> = new Set(['maven', 'packagist', 'pub', 'nuget']);

/** Every package of the sample lock files, manifests and installed trees, as one scan of a directory that holds them all finds it. */
async function samplePackages(): Promise<Package[]> {
  const fixtures = unpack('package-file-fixtures.tar.gz');
  const root = mkdtempSync(path.join(tmpdir(), 'palisade-samples-'));
  try {
    let number = 0;
    for (const [place, { as }] of Object.entries(fixturePlaces)) {
      if (!place.startsWith('language/')) continue;
      for (const file of globSync('**/*', { cwd: path.join(fixtures, place), withFileTypes: true })) {
        if (!file.isFile()) continue;
        const to = path.join(root, String((number += 1)), as);
        mkdirSync(path.dirname(to), { recursive: true });
        copyFileSync(path.join(file.parentPath, file.name), to);
      }
    }
    const { facts } = await analyseRoot(root, cataloguers, { signal: new AbortController().signal });
    return assemblePackages(facts);
  } finally {
    rmSync(fixtures, { recursive: true, force: true });
    rmSync(root, { recursive: true, force: true });
  }
}

function decode(file: string): RawRecord {
  const text = readFileSync(file, 'utf8');
  return (file.endsWith('.json') ? JSON.parse(text) : load(text)) as RawRecord;
}

function sameEcosystem(corpus: Corpus, ecosystem: string): boolean {
  return ecosystem === corpus.ecosystem || corpus.also?.(ecosystem) === true;
}

function keyOf(corpus: Corpus, name: string): string {
  return corpus.name?.(name) ?? name;
}

function indexed(all: readonly RawRecord[], corpus: Corpus): Map<string, RawRecord[]> {
  const byName = new Map<string, RawRecord[]>();
  for (const record of all) {
    // Bug-fix and enhancement notices without a CVE are no vulnerabilities.
    if (/^AL[BE]A-/.test(record.id) && !(record.related ?? []).some((id) => id.startsWith('CVE-'))) continue;
    const names = (record.affected ?? []).filter((one) => one.package !== undefined && sameEcosystem(corpus, one.package.ecosystem)).map((one) => keyOf(corpus, one.package?.name ?? ''));
    for (const name of new Set(names)) byName.set(name, [...(byName.get(name) ?? []), record]);
  }
  return byName;
}

// The bounds of the ranges themselves are where a matcher errs; spread over all of them.
function versionsOf(own: readonly RawRecord[], corpus: Corpus, name: string): string[] {
  const versions = new Set<string>(['1.0.0']);
  for (const record of own) {
    for (const one of record.affected ?? []) {
      if (one.package === undefined || !sameEcosystem(corpus, one.package.ecosystem) || keyOf(corpus, one.package.name) !== name) continue;
      for (const range of one.ranges ?? []) if (range.type !== 'GIT') for (const event of range.events) versions.add(String(Object.values(event)[0]));
      if (Array.isArray(one.versions)) for (const version of one.versions.slice(0, 3)) versions.add(String(version));
    }
  }
  return sampled([...versions], perPackage);
}

function sampled<T>(all: readonly T[], count: number): T[] {
  const step = Math.max(1, all.length / count);
  return Array.from({ length: Math.min(count, all.length) }, (_, index) => all[Math.floor(index * step)] as T);
}
