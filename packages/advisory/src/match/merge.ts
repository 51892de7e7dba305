import type { Severity } from '@palisade/model/severity';
import { compareSeverity } from '@palisade/model/severity';
import type { AdvisoryRow, Bundle, CveRow } from '../bundle/open.ts';
import type { PackageEntry } from '../bundle/format.ts';
import { rank } from '../bundle/groups.ts';
import type { Compare } from '../ranges.ts';
import { severityOfScore } from '../severity.ts';
import type { Outcome } from './evaluate.ts';
import type { FixState, Vulnerability } from './types.ts';

export type Hit = { readonly entry: PackageEntry; readonly outcome: Outcome };

type Draft = { readonly names: Set<string>; readonly hits: Hit[] };

/** Joins what several advisories say of the same vulnerability: whatever shares a name is one. */
export function mergeHits(hits: readonly Hit[], bundle: Bundle, compare: Compare | undefined, preferLabel: boolean): Vulnerability[] {
  const byName = new Map<string, Draft>();
  const drafts = new Set<Draft>();
  for (const hit of hits) {
    const { groups } = bundle.advisory(hit.entry.a).facts;
    for (const group of groups) {
      // An erratum's own id stands with each of its CVEs: joining by it would join them all.
      const joining = groups.length > 1 ? group.slice(0, 1) : group;
      let target: Draft | undefined;
      for (const name of joining) {
        const known = byName.get(name);
        if (known === undefined || known === target) continue;
        if (target === undefined) target = known;
        else absorb(target, known, byName, drafts);
      }
      target ??= { names: new Set(), hits: [] };
      drafts.add(target);
      target.hits.push(hit);
      for (const name of joining) {
        target.names.add(name);
        byName.set(name, target);
      }
    }
  }
  return [...drafts].map((draft) => vulnerabilityOf(draft, bundle, compare, preferLabel)).sort((a, b) => compareSeverity(a.severity, b.severity) || (a.id < b.id ? -1 : 1));
}

function absorb(target: Draft, other: Draft, byName: Map<string, Draft>, drafts: Set<Draft>): void {
  for (const name of other.names) {
    target.names.add(name);
    byName.set(name, target);
  }
  target.hits.push(...other.hits);
  drafts.delete(other);
}

type Building = { -readonly [Key in keyof Vulnerability]: Vulnerability[Key] };

// Called once a vulnerability, tens of thousands of times for an old image: written without a temporary object for
// each field that may be missing.
function vulnerabilityOf(draft: Draft, bundle: Bundle, compare: Compare | undefined, preferLabel: boolean): Vulnerability {
  const names = [...draft.names];
  if (names.length > 1) names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const rows = draft.hits.length === 1 ? draft.hits.map((hit) => hit.entry.a) : [...new Set(draft.hits.map((hit) => hit.entry.a))];
  const advisories = rows.map((row) => bundle.advisory(row));
  const id = names[0] ?? advisories[0]?.name ?? '';
  const cves = names.filter((name) => name.startsWith('CVE-')).map((name) => bundle.cve(name));
  const affected = draft.hits.filter((hit) => hit.outcome.answer === 'affected');
  const cvss = draft.hits.find((hit) => hit.entry.c !== undefined)?.entry.c ?? advisories.find((one) => one.facts.groups.length === 1 && one.facts.cvss !== undefined)?.facts.cvss ?? cves.find((one) => one.cvss !== undefined)?.cvss;
  const rated = cvss === undefined ? undefined : severityOfScore(cvss.score);
  const label = worst(draft.hits, advisories);
  const fix = fixOf(affected.length > 0 ? affected : draft.hits, compare);
  const made: Building = {
    id,
    aliases: aliasesOf(id, names, advisories),
    answer: affected.length > 0 ? 'affected' : 'unknown',
    fixState: fix.fixState,
    severity: id.startsWith('MAL-') ? 'critical' : ((preferLabel ? (label ?? rated) : (rated ?? label)) ?? 'unknown'),
    advisories: rows,
    sources: advisories.length === 1 ? advisories.map((advisory) => advisory.source) : [...new Set(advisories.map((advisory) => advisory.source))].sort(),
  };
  const reason = affected.length > 0 ? undefined : draft.hits[0]?.outcome.reason;
  const kev = cves.find((one) => one.kev !== undefined)?.kev;
  const epss = worstEpss(cves);
  if (reason !== undefined) made.reason = reason;
  if (fix.fixed !== undefined) made.fixed = fix.fixed;
  if (cvss !== undefined) made.cvss = cvss;
  if (epss !== undefined) made.epss = epss;
  if (kev !== undefined) made.kev = kev;
  if (cves.some((one) => one.exploit === true)) made.exploit = true;
  return made;
}

function aliasesOf(id: string, names: readonly string[], advisories: readonly AdvisoryRow[]): string[] {
  const aliases = names.slice(1).filter((name) => name !== id);
  for (const { name } of advisories) if (name !== id && !aliases.includes(name)) aliases.push(name);
  return aliases;
}

/** The worst that an advisory says of this package, or at all. */
function worst(hits: readonly Hit[], advisories: readonly AdvisoryRow[]): Severity | undefined {
  let found: Severity | undefined;
  const take = (severity: Severity | undefined): void => {
    if (severity !== undefined && (found === undefined || compareSeverity(severity, found) < 0)) found = severity;
  };
  for (const hit of hits) take(hit.entry.s);
  for (const one of advisories) take(one.facts.severity);
  return found;
}

function worstEpss(cves: readonly CveRow[]): CveRow['epss'] {
  let found: CveRow['epss'];
  for (const { epss } of cves) if (epss !== undefined && (found === undefined || epss.score > found.score)) found = epss;
  return found;
}

const states: readonly FixState[] = ['fixed', 'wont-fix', 'deferred', 'not-fixed', 'unknown'];

/** The version that satisfies every advisory that names a fix: the highest of them. */
function fixOf(hits: readonly Hit[], compare: Compare | undefined): { fixed?: string; fixState: FixState } {
  let fixed: string | undefined;
  for (const { outcome } of hits) {
    if (outcome.fixed !== undefined && (fixed === undefined || (compare !== undefined && compare(outcome.fixed, fixed) > 0))) fixed = outcome.fixed;
  }
  if (fixed !== undefined) return { fixed, fixState: 'fixed' };
  return { fixState: states.find((state) => hits.some((hit) => hit.outcome.fixState === state)) ?? 'unknown' };
}
