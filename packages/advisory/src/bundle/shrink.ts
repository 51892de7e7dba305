import type { Manifest } from './format.ts';

// A feed grows. Losing more than this share is a broken download or an attack by omission, not news.
const tolerated = 0.2;
// Small ecosystems move by a few records without meaning.
const slack = 10;

/** Why a new bundle looks like it lost data against the one before; empty when it does not. */
export function shrinkage(before: Manifest, after: Manifest): string[] {
  const problems: string[] = [];
  const now = totals(after);
  for (const [what, count] of totals(before)) {
    const left = now.get(what) ?? 0;
    if (left === 0) problems.push(`${what}: ${count} records before, none now`);
    else if (count - left > slack && left < count * (1 - tolerated)) problems.push(`${what}: ${count} records before, ${left} now`);
  }
  return problems;
}

function totals(manifest: Manifest): Map<string, number> {
  const sums = new Map<string, number>();
  for (const source of manifest.sources) {
    const counts = Object.entries(source.counts);
    for (const [ecosystem, count] of counts.length > 0 ? counts : [[source.kind, source.records] as const]) sums.set(ecosystem, (sums.get(ecosystem) ?? 0) + count);
  }
  return sums;
}
