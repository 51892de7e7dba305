import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { buildBundle } from '@palisade/advisory/bundle/build';
import { openBundle } from '@palisade/advisory/bundle/open';
import type { Package } from '@palisade/model/package';
import { dataPath } from '../conformance-data.ts';

// Builds the bundle of all given feeds and matches 1,000 packages that have advisories, cold and warm, median of 5.
// Targets: build under 60 s, 1,000 packages under 100 ms.

const folder = mkdtempSync(path.join(tmpdir(), 'palisade-bench-'));
const file = path.join(folder, 'all.db');
try {
  const start = performance.now();
  const manifest = await buildBundle({ sources: readdirSync(dataPath('feeds')).map((name) => ({ path: dataPath(path.join('feeds', name)) })), out: file, skipUnsupported: true });
  print('build', performance.now() - start, 60_000, `${manifest.counts.advisories} advisories, peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
  for (const [label, packages] of Object.entries(samples())) {
    const times = Array.from({ length: 5 }, () => once(packages)).sort((a, b) => a.cold - b.cold);
    const median = times[2] ?? { cold: 0, warm: 0, found: 0 };
    print(`match ${label}, cold`, median.cold, 100, `${packages.length} packages, ${median.found} vulnerabilities`);
    print(`match ${label}, warm`, median.warm, 100, '');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function once(packages: readonly Package[]): { cold: number; warm: number; found: number } {
  const bundle = openBundle(file);
  const start = performance.now();
  const matches = bundle.match(packages);
  const middle = performance.now();
  bundle.match(packages);
  const end = performance.now();
  bundle.close();
  return { cold: middle - start, warm: end - middle, found: matches.reduce((sum, match) => sum + match.vulnerabilities.length, 0) };
}

// Two mixes: packages at a version below every fix (the worst case), and as an image has them: most are current.
function samples(): Record<string, Package[]> {
  const database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("SELECT ecosystem, name FROM package WHERE ecosystem IN ('Debian:10', 'PyPI', 'Go', 'Maven', 'npm', 'AlmaLinux:9') ORDER BY id % 17, id LIMIT 1000").all();
  database.close();
  const packagesAt = (version: (index: number) => string): Package[] =>
    rows.map((row, index) => ({ purl: `pkg:generic/${index}`, ecosystem: String(row['ecosystem']), name: String(row['name']), version: version(index), paths: [] }));
  return { 'all old': packagesAt(() => '0.0.2'), 'one in ten old': packagesAt((index) => (index % 10 === 0 ? '1.2.3' : '9999.0.0')) };
}

function print(what: string, milliseconds: number, target: number, note: string): void {
  process.stdout.write(`${what}: ${milliseconds.toFixed(1)} ms (${(milliseconds / target).toFixed(2)} of the target) ${note}\n`);
}
