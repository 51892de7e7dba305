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
  /** Fetches advisories and what is known of their CVEs, for `advisory` and `cve` to answer without asking again. */
  fetch(rows: readonly number[]): void;
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

// Errata and CVEs come back for each of the packages they are about; texts are long.
const maxCached = 40_000;
const maxTexts = 256;

const nothingKnown: CveRow = {};

type CveColumns = [id: string, epss: number | null, percentile: number | null, kev: string | null, cvss: string | null, exploit: number | null];

type Building = { -readonly [Key in keyof CveRow]: CveRow[Key] };

function cveOf([, epss, percentile, kev, cvss, exploit]: CveColumns): CveRow {
  const row: Building = {};
  if (epss !== null) row.epss = { score: epss, percentile: percentile ?? 0 };
  if (kev !== null) row.kev = JSON.parse(kev) as NonNullable<CveRow['kev']>;
  if (cvss !== null) row.cvss = JSON.parse(cvss) as NonNullable<CveRow['cvss']>;
  if (exploit === 1) row.exploit = true;
  return row;
}

function bundleOver(database: DatabaseSync, manifest: Manifest): Bundle {
  const findEntries = database.prepare('SELECT entries FROM package WHERE ecosystem = ? AND name = ?');
  const findAdvisories = database.prepare('SELECT id, name, source, facts FROM advisory WHERE id IN (SELECT value FROM json_each(?))');
  const findText = database.prepare('SELECT text FROM text WHERE id = ?');
  const findCves = database.prepare('SELECT id, epss, percentile, kev, cvss, exploit FROM cve WHERE id IN (SELECT value FROM json_each(?))');
  for (const statement of [findEntries, findAdvisories, findCves]) statement.setReturnArrays(true);
  const ecosystems = new Set(manifest.sources.flatMap((source) => Object.keys(source.counts)));
  const advisories = new Map<number, AdvisoryRow>();
  const cves = new Map<string, CveRow>();
  const texts = new Map<number, AdvisoryText>();

  // In the order of the keys, and all rows at once: 9,008 CVEs take 18 ms of CPU, in any order one by one 28.
  const fetchAdvisories = (rows: Iterable<number>): void => {
    const wanted: number[] = [];
    for (const row of new Set(rows)) if (!advisories.has(row)) wanted.push(row);
    if (wanted.length === 0) return;
    if (advisories.size + wanted.length > maxCached) advisories.clear();
    for (const [id, name, source, facts] of findAdvisories.all(JSON.stringify(wanted.sort((a, b) => a - b))) as unknown as [number, string, string, string][]) {
      advisories.set(id, { name, source, facts: JSON.parse(facts) as AdvisoryFacts });
    }
  };
  const fetchCves = (ids: Iterable<string>): void => {
    const wanted: string[] = [];
    for (const id of new Set(ids)) if (!cves.has(id)) wanted.push(id);
    if (wanted.length === 0) return;
    if (cves.size + wanted.length > maxCached) cves.clear();
    for (const row of findCves.all(JSON.stringify(wanted.sort())) as unknown as CveColumns[]) cves.set(row[0], cveOf(row));
    // Asked for and not there: remembered too.
    for (const id of wanted) if (!cves.has(id)) cves.set(id, nothingKnown);
  };

  const bundle: Bundle = {
    manifest,
    entries(ecosystem, name) {
      if (!ecosystems.has(ecosystem)) return [];
      const row = findEntries.get(ecosystem, name) as unknown as [string] | undefined;
      return row === undefined ? [] : (JSON.parse(row[0]) as PackageEntry[]);
    },
    fetch(rows) {
      const wanted = new Set(rows);
      fetchAdvisories(wanted);
      const names = new Set<string>();
      for (const row of wanted) for (const group of bundle.advisory(row).facts.groups) for (const name of group) if (name.startsWith('CVE-')) names.add(name);
      fetchCves(names);
    },
    advisory(id) {
      let known = advisories.get(id);
      if (known !== undefined) return known;
      fetchAdvisories([id]);
      known = advisories.get(id);
      if (known === undefined) throw feedError('bundle-corrupt', `the bundle has no advisory ${id}`);
      return known;
    },
    text(id) {
      const known = texts.get(id);
      if (known !== undefined) return known;
      const text = JSON.parse(String(findText.get(id)?.['text'] ?? '{"summary":"","details":"","references":[]}')) as AdvisoryText;
      if (texts.size >= maxTexts) texts.clear();
      texts.set(id, text);
      return text;
    },
    cve(id) {
      const known = cves.get(id);
      if (known !== undefined) return known;
      fetchCves([id]);
      return cves.get(id) ?? nothingKnown;
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
  for (const query of ['SELECT advisory.id, name, source, facts, text FROM advisory JOIN text ON text.id = advisory.id ORDER BY advisory.id', 'SELECT * FROM package ORDER BY id', 'SELECT id, epss, percentile, kev, cvss, exploit FROM cve ORDER BY id']) {
    for (const row of database.prepare(query).iterate()) hash.update(`${JSON.stringify(Object.values(row))}\n`);
  }
  return hash.digest('hex');
}
