import type { Package } from '@palisade/model/package';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { buildBundle } from '../src/bundle/build.ts';
import { openBundle } from '../src/bundle/open.ts';
import type { Bundle } from '../src/bundle/open.ts';
import type { FeedParser, Sink } from '../src/feed.ts';
import type { AdvisoryRecord, CveFacts } from '../src/record.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const clean of cleanups.splice(0).reverse()) clean();
});

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-advisory-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files (path → text) into a new folder of the given name and answers it. */
export function folderOf(files: Readonly<Record<string, string>>, name = 'feed'): string {
  const root = path.join(scratch(), name);
  mkdirSync(root);
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

/** Builds a bundle of some folders or files and opens it; closed after the test. */
export async function bundleOf(...sources: readonly ({ path: string; kind?: string } | string)[]): Promise<Bundle> {
  const out = path.join(scratch(), 'bundle.db');
  await buildBundle({ sources: sources.map((source) => (typeof source === 'string' ? { path: source } : source)), out });
  const bundle = openBundle(out);
  cleanups.push(() => bundle.close());
  return bundle;
}

/** A package with nothing but what matching looks at. */
export function packageOf(ecosystem: string, name: string, version: string, more: Partial<Package> = {}): Package {
  return { purl: `pkg:generic/${name}@${version}`, ecosystem, name, version, paths: [], ...more };
}

/** An OSV document as JSON. */
export function osv(id: string, affected: readonly unknown[], more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ id, modified: '2026-01-02T00:00:00Z', affected, ...more });
}

/** One affected package with one range. */
export function ranged(ecosystem: string, name: string, ...events: readonly Readonly<Record<string, string>>[]): unknown {
  return { package: { ecosystem, name }, ranges: [{ type: 'ECOSYSTEM', events }] };
}

export type Collected = { advisories: AdvisoryRecord[]; cves: CveFacts[]; skips: Map<string, number>; broken: string[]; dates: string[]; coverage: Map<string, unknown> };

/** Runs a parser over entries in memory. */
export async function parseWith(parser: FeedParser, files: Readonly<Record<string, string | Buffer>>): Promise<Collected> {
  const collected: Collected = { advisories: [], cves: [], skips: new Map(), broken: [], dates: [], coverage: new Map() };
  const sink: Sink = {
    advisory: (record) => void collected.advisories.push(record),
    cve: (facts) => void collected.cves.push(facts),
    skip: (reason, count = 1) => void collected.skips.set(reason, (collected.skips.get(reason) ?? 0) + count),
    broken: (where, cause) => void collected.broken.push(`${where}: ${cause}`),
    dated: (date) => void collected.dates.push(date),
    covers: (ecosystem, coverage) => void collected.coverage.set(ecosystem, coverage),
  };
  const input = {
    name: 'test',
    async *entries() {
      for (const [file, text] of Object.entries(files)) yield { path: file, bytes: Buffer.from(text) };
    },
  };
  await parser.parse(input, sink, new AbortController().signal);
  return collected;
}
