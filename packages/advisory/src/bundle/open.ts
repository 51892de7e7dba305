import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { FeedSummary } from '@palisade/model/scan-result';
import type { Package } from '@palisade/model/package';
import { messageOf } from '@palisade/model/error';
import { feedError } from '../error.ts';
import { matchPackages } from '../match/match.ts';
import type { Match } from '../match/types.ts';
import { Manifest, schema } from './format.ts';
import type { AdvisoryFacts, AdvisoryText, PackageEntry } from './format.ts';

export type CveRow = {
  readonly epss?: { readonly score: number; readonly percentile: number };
  readonly kev?: { readonly added: string; readonly due: string; readonly ransomware: boolean; readonly action: string };
  readonly cvss?: { readonly vector: string; readonly score: number };
  readonly exploit?: boolean;
};

export type AdvisoryRow = { readonly name: string; readonly source: string; readonly facts: AdvisoryFacts };

/** A feed bundle opened for reading. Everything is synchronous: a look-up is some microseconds. */
export type Bundle = {
  readonly manifest: Manifest;
  entries(ecosystem: string, name: string): readonly PackageEntry[];
  advisory(row: number): AdvisoryRow;
  text(row: number): AdvisoryText;
  cve(id: string): CveRow;
  /**
   * Matches packages as an image, a node or the console's store has them; one Match a package, in their order.
   * The same call re-matches stored packages when a new bundle comes.
   */
  match(packages: readonly Package[]): Match[];
  /** The bundle's line in a scan result; `now` decides the age. */
  summary(now: Date): FeedSummary;
  /** Computes the content's digest again: false when a row was changed after the build. */
  verify(): boolean;
  close(): void;
};

/** Opens a bundle read-only. Throws bundle-unreadable when the file is not one of ours. */
export function openBundle(file: string): Bundle {
  if (!existsSync(file)) throw feedError('bundle-unreadable', `${file}: no such feed bundle`, { file });
  let database: DatabaseSync;
  let manifest: Manifest;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    database.exec('PRAGMA query_only = ON; PRAGMA mmap_size = 1073741824');
    const row = database.prepare('SELECT document FROM manifest').get();
    manifest = Manifest.parse(JSON.parse(String(row?.['document'])));
  } catch (error) {
    throw feedError('bundle-unreadable', `${file}: not a feed bundle of format ${schema} (${messageOf(error).slice(0, 200)})`, { file }, error);
  }
  return bundleOver(database, manifest);
}

// Errata and CVEs come back for each of the packages they are about.
const maxCached = 20_000;

function bundleOver(database: DatabaseSync, manifest: Manifest): Bundle {
  const findEntries = database.prepare('SELECT entries FROM package WHERE ecosystem = ? AND name = ?');
  const findAdvisory = database.prepare('SELECT name, source, facts FROM advisory WHERE id = ?');
  const findText = database.prepare('SELECT text FROM advisory WHERE id = ?');
  const findCve = database.prepare('SELECT epss, percentile, kev, cvss, exploit FROM cve WHERE id = ?');
  const ecosystems = new Set(manifest.sources.flatMap((source) => Object.keys(source.counts)));
  const advisories = new Map<number, AdvisoryRow>();
  const cves = new Map<string, CveRow>();
  const bundle: Bundle = {
    manifest,
    entries(ecosystem, name) {
      if (!ecosystems.has(ecosystem)) return [];
      const row = findEntries.get(ecosystem, name);
      return row === undefined ? [] : (JSON.parse(String(row['entries'])) as PackageEntry[]);
    },
    advisory(id) {
      const known = advisories.get(id);
      if (known !== undefined) return known;
      const row = findAdvisory.get(id);
      if (row === undefined) throw feedError('bundle-corrupt', `the bundle has no advisory ${id}`);
      const advisory = { name: String(row['name']), source: String(row['source']), facts: JSON.parse(String(row['facts'])) as AdvisoryFacts };
      if (advisories.size >= maxCached) advisories.clear();
      advisories.set(id, advisory);
      return advisory;
    },
    text: (id) => JSON.parse(String(findText.get(id)?.['text'] ?? '{"summary":"","details":"","references":[]}')) as AdvisoryText,
    cve(id) {
      const known = cves.get(id);
      if (known !== undefined) return known;
      const { epss, percentile, kev, cvss, exploit } = findCve.get(id) ?? {};
      const found: CveRow = {
        ...(typeof epss === 'number' ? { epss: { score: epss, percentile: Number(percentile) } } : {}),
        ...(typeof kev === 'string' ? { kev: JSON.parse(kev) as NonNullable<CveRow['kev']> } : {}),
        ...(typeof cvss === 'string' ? { cvss: JSON.parse(cvss) as NonNullable<CveRow['cvss']> } : {}),
        ...(exploit === 1 ? { exploit: true } : {}),
      };
      if (cves.size >= maxCached) cves.clear();
      cves.set(id, found);
      return found;
    },
    match: (packages) => matchPackages(bundle, packages),
    summary: (now) => ({
      id: manifest.id,
      built: manifest.built,
      age: Math.max(0, Math.round((now.getTime() - Date.parse(manifest.built)) / 1000) || 0),
      sources: manifest.sources.map(({ name, date, records, coverage }) => ({ name, date, records, coverage })),
    }),
    verify: () => contentOf(database) === manifest.content,
    close: () => database.close(),
  };
  return bundle;
}

function contentOf(database: DatabaseSync): string {
  const hash = createHash('sha256');
  for (const query of ['SELECT * FROM advisory ORDER BY id', 'SELECT * FROM package ORDER BY id', 'SELECT id, epss, percentile, kev, cvss, exploit FROM cve ORDER BY id']) {
    for (const row of database.prepare(query).iterate()) hash.update(`${JSON.stringify(Object.values(row))}\n`);
  }
  return hash.digest('hex');
}
