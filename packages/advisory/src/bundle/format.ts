import { z } from 'zod';
import { Coverage } from '@palisade/model/coverage';
import { Severity } from '@palisade/model/severity';
import type { Interval } from '../ranges.ts';

// The bundle's file format. A reader refuses another `schema`; what stands in the tables is written in the order
// of its keys, so that the same content gives the same bytes.
export const schema = 'palisade.feed/2';

export const tables = `
CREATE TABLE manifest (document TEXT NOT NULL);
CREATE TABLE advisory (id INTEGER PRIMARY KEY, name TEXT NOT NULL, source TEXT NOT NULL, facts TEXT NOT NULL);
CREATE TABLE text (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE package (id INTEGER PRIMARY KEY, ecosystem TEXT NOT NULL, name TEXT NOT NULL, entries TEXT NOT NULL, UNIQUE (ecosystem, name));
CREATE TABLE cve (id TEXT PRIMARY KEY, epss REAL, percentile REAL, kev TEXT, cvss TEXT, exploit INTEGER) WITHOUT ROWID;
`;

export const Source = z.object({
  name: z.string(),
  kind: z.string(),
  /** ISO 8601; "unknown" where the source does not say. */
  date: z.string(),
  records: z.number(),
  coverage: z.record(z.string(), Coverage),
  /** Records per ecosystem, by which a later bundle's shrinking is noticed. */
  counts: z.record(z.string(), z.number()),
  skips: z.array(z.object({ reason: z.string(), count: z.number() })),
  broken: z.array(z.object({ where: z.string(), cause: z.string() })),
  /** Of the content: independent of the archive's form, order and dates. */
  sha256: z.string(),
});
export type Source = z.infer<typeof Source>;

export const Manifest = z.object({
  schema: z.literal(schema),
  id: z.string(),
  /** The newest date among the sources: a bundle has the age of its data, not of its file. */
  built: z.string(),
  sources: z.array(Source),
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  counts: z.object({ advisories: z.number(), packages: z.number(), ranges: z.number(), cves: z.number() }),
  /** SHA-256 over every row; `verify` computes it again. */
  content: z.string(),
});
export type Manifest = z.infer<typeof Manifest>;

/** What matching needs of an advisory. `groups`: one finding each, its id first, other names of the same thing after it. */
export const AdvisoryFacts = z.object({
  groups: z.array(z.array(z.string()).min(1)),
  severity: Severity.optional(),
  cvss: z.object({ vector: z.string(), score: z.number() }).optional(),
  published: z.string(),
});
export type AdvisoryFacts = z.infer<typeof AdvisoryFacts>;

export type AdvisoryText = { readonly summary: string; readonly details: string; readonly references: readonly string[] };

/** What one advisory says of one package. Short keys: there are half a million of them. */
export type PackageEntry = {
  /** Row of the advisory. */
  readonly a: number;
  readonly r?: readonly Interval[];
  /** Versions named one by one that no interval holds. */
  readonly v?: readonly string[];
  /** Severity here, where it differs from the advisory's. */
  readonly s?: Severity;
  readonly c?: { readonly vector: string; readonly score: number };
  readonly i?: 'not-fixed' | 'wont-fix' | 'deferred';
  /** Undetermined: the answer is unknown with this reason. */
  readonly u?: string;
  /** Module stream. */
  readonly m?: string;
  /** Why the ranges cannot be used; the answer for versions not named is unknown. */
  readonly e?: string;
};
