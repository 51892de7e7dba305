import type { AdvisoryRecord } from '../record.ts';

const cve = /^CVE-\d{4}-\d{4,}$/;

/**
 * The vulnerabilities that an advisory stands for, each as its name followed by its other names. An erratum that fixes
 * several CVEs is several findings; an advisory with aliases is one, under the CVE if it has one, for that is
 * what waivers, KEV and EPSS speak of.
 */
export function groupsOf(record: Pick<AdvisoryRecord, 'id' | 'aliases' | 'upstream'>): string[][] {
  const upstreamCves = [...new Set(record.upstream.filter((id) => cve.test(id)))].sort();
  if (upstreamCves.length > 1 && !cve.test(record.id)) return upstreamCves.map((id) => [id, record.id]);
  const names = [...new Set([record.id, ...record.aliases, ...upstreamCves, ...(upstreamCves.length === 1 ? [] : record.upstream)])];
  // MAL-… and its like stay under their own name: a CVE would hide what they are.
  if (record.id.startsWith('MAL-')) return [names];
  return [names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))];
}

/** CVE before GHSA before the ecosystems' own ids: the name that a person finds elsewhere. */
export function rank(id: string): number {
  if (cve.test(id)) return 0;
  if (id.startsWith('GHSA-')) return 2;
  return id.startsWith('MAL-') ? 1 : 3;
}
