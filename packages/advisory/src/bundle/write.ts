import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { deterministicId } from '@palisade/model/id';
import type { AdvisoryRecord, Affected } from '../record.ts';
import { bestOf, severityOfScore } from '../severity.ts';
import type { Cvss } from '../severity.ts';
import { entryOf } from './entry.ts';
import { schema, tables } from './format.ts';
import type { AdvisoryFacts, AdvisoryText, Manifest, PackageEntry, Source } from './format.ts';
import { groupsOf } from './groups.ts';
import type { Staging } from './staging.ts';

// Longest text kept of an advisory; the rest stands behind its references.
const maxDetails = 6000;
const maxReferences = 20;

/** Writes the bundle from what was staged. Every loop runs in the order of its keys. Answers the manifest. */
export function writeBundle(file: string, staging: Staging, sources: readonly Source[], skipped: Manifest['skipped'], signal: AbortSignal): Manifest {
  staging.database.exec('CREATE INDEX fact_id ON fact (id); CREATE INDEX affected_advisory ON affected (advisory)');
  const out = new DatabaseSync(file);
  try {
    // auto_vacuum and page size are written into the header: named, so that a changed default cannot change the bytes.
    out.exec(`PRAGMA page_size = 4096; PRAGMA auto_vacuum = NONE; PRAGMA encoding = 'UTF-8'; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; ${tables} BEGIN`);
    const hash = createHash('sha256');
    const seal = (...values: readonly (string | number | null)[]): void => void hash.update(`${JSON.stringify(values)}\n`);
    const ratings = new Map<string, Cvss>();
    const advisories = writeAdvisories(out, staging, seal, ratings, signal);
    const { packages, ranges } = writePackages(out, staging, seal, signal);
    const cves = writeCves(out, staging, seal, ratings);
    const content = hash.digest('hex');
    const manifest: Manifest = {
      schema,
      id: deterministicId('bdl', content, ...sources.map((source) => source.sha256)),
      built: sources.map((source) => source.date).filter((date) => date !== 'unknown').sort(byTime).at(-1) ?? 'unknown',
      sources: [...sources],
      skipped,
      counts: { advisories, packages, ranges, cves },
      content,
    };
    out.prepare('INSERT INTO manifest VALUES (?)').run(JSON.stringify(manifest));
    out.exec('COMMIT');
    return manifest;
  } finally {
    out.close();
  }
}

function byTime(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b) || (a < b ? -1 : 1);
}

type Seal = (...values: readonly (string | number | null)[]) => void;

function writeAdvisories(out: DatabaseSync, staging: Staging, seal: Seal, ratings: Map<string, Cvss>, signal: AbortSignal): number {
  const insert = out.prepare('INSERT INTO advisory VALUES (?, ?, ?, ?)');
  const insertText = out.prepare('INSERT INTO text VALUES (?, ?)');
  staging.database.exec('CREATE TABLE kept (staged INTEGER PRIMARY KEY, id INTEGER)');
  const keep = staging.database.prepare('INSERT INTO kept VALUES (?, ?)');
  const ownRatings = staging.database.prepare('SELECT document FROM affected WHERE advisory = ? ORDER BY ecosystem, name, document');
  let id = 0;
  let last = '';
  // Two sources may hold the same record: the newest stands for both.
  for (const row of staging.database.prepare('SELECT rowid, kind, name, source, document FROM advisory ORDER BY name, kind, modified DESC, document, source').iterate()) {
    const key = `${String(row['kind'])} ${String(row['name'])}`;
    if (key === last) continue;
    last = key;
    id += 1;
    if (id % 1024 === 0) signal.throwIfAborted();
    const record = JSON.parse(String(row['document'])) as Omit<AdvisoryRecord, 'affected'>;
    const groups = groupsOf(record);
    const cvss = bestOf(record.vectors);
    const severity = record.severity ?? (cvss === undefined ? undefined : severityOfScore(cvss.score));
    const facts: AdvisoryFacts = { groups, ...(severity === undefined ? {} : { severity }), ...(cvss === undefined ? {} : { cvss }), published: record.published };
    const text: AdvisoryText = { summary: record.summary.slice(0, 500), details: record.details.length > maxDetails ? `${record.details.slice(0, maxDetails)} …` : record.details, references: record.references.slice(0, maxReferences) };
    const values = [id, record.id, String(row['source']), JSON.stringify(facts)] as const;
    const packed = JSON.stringify(text);
    insert.run(...values);
    insertText.run(id, packed);
    seal(...values, packed);
    keep.run(Number(row['rowid']), id);
    rateCve(groups, cvss ?? ratedByPackage(ownRatings.iterate(Number(row['rowid']))), ratings);
  }
  return id;
}

function ratedByPackage(rows: Iterable<Record<string, unknown>>): Cvss | undefined {
  const vectors: string[] = [];
  for (const row of rows) {
    const text = String(row['document']);
    if (text.includes('"vectors"')) vectors.push(...((JSON.parse(text) as Affected).vectors ?? []));
    if (vectors.length > 8) break;
  }
  return bestOf(vectors);
}

// Distributions often publish no vector. What another publisher computed for the same CVE (and only for it) is kept.
function rateCve(groups: readonly (readonly string[])[], cvss: Cvss | undefined, ratings: Map<string, Cvss>): void {
  const names = groups[0] ?? [];
  if (cvss === undefined || groups.length !== 1) return;
  const cves = names.filter((name) => name.startsWith('CVE-'));
  const only = cves[0];
  if (only === undefined || cves.length !== 1) return;
  const known = ratings.get(only);
  ratings.set(only, known === undefined ? cvss : (bestOf([known.vector, cvss.vector]) ?? known));
}

function writePackages(out: DatabaseSync, staging: Staging, seal: Seal, signal: AbortSignal): { packages: number; ranges: number } {
  const insert = out.prepare('INSERT INTO package VALUES (?, ?, ?, ?)');
  let packages = 0;
  let ranges = 0;
  let current = { ecosystem: '', name: '' };
  let entries: PackageEntry[] = [];
  const flush = (): void => {
    if (entries.length === 0) return;
    packages += 1;
    const values = [packages, current.ecosystem, current.name, JSON.stringify(entries)] as const;
    insert.run(...values);
    seal(...values);
    entries = [];
  };
  const rows = staging.database.prepare('SELECT ecosystem, name, kept.id AS id, document FROM affected JOIN kept ON kept.staged = affected.advisory ORDER BY ecosystem, name, kept.id, document');
  for (const row of rows.iterate()) {
    const ecosystem = String(row['ecosystem']);
    const name = String(row['name']);
    if (ecosystem !== current.ecosystem || name !== current.name) {
      flush();
      current = { ecosystem, name };
      if (packages % 1024 === 0) signal.throwIfAborted();
    }
    entries.push(entryOf(Number(row['id']), ecosystem, JSON.parse(String(row['document'])) as Affected));
    ranges += 1;
  }
  flush();
  return { packages, ranges };
}

function writeCves(out: DatabaseSync, staging: Staging, seal: Seal, ratings: ReadonlyMap<string, Cvss>): number {
  const insert = out.prepare('INSERT INTO cve VALUES (?, ?, ?, ?, ?, ?)');
  const note = staging.database.prepare('INSERT INTO fact (id) VALUES (?)');
  for (const id of ratings.keys()) note.run(id);
  let cves = 0;
  for (const row of staging.database.prepare('SELECT id, max(epss) AS epss, max(percentile) AS percentile, max(kev) AS kev, max(exploit) AS exploit FROM fact GROUP BY id ORDER BY id').iterate()) {
    const id = String(row['id']);
    const rating = ratings.get(id);
    const values = [id, row['epss'] as number | null, row['percentile'] as number | null, row['kev'] as string | null, rating === undefined ? null : JSON.stringify(rating), row['exploit'] as number | null] as const;
    insert.run(...values);
    seal(...values);
    cves += 1;
  }
  return cves;
}
