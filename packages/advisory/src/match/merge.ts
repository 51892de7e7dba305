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

// `names`: each once. What stands below is called for tens of thousands of vulnerabilities of an old image: arrays and
// loops, without a temporary object for each step.
type Draft = { readonly names: string[]; readonly hits: Hit[]; absorbed: boolean };

/** Joins what several advisories say of the same vulnerability: whatever shares a name is one. */
export function mergeHits(hits: readonly Hit[], bundle: Bundle, compare: Compare | undefined, preferLabel: boolean): Vulnerability[] {
  const byName = new Map<string, Draft>();
  const drafts: Draft[] = [];
  for (const hit of hits) {
    const { groups } = bundle.advisory(hit.entry.a).facts;
    for (const group of groups) {
      // An erratum's own id stands with each of its CVEs: joining by it would join them all.
      const joining = groups.length > 1 ? 1 : group.length;
      let target: Draft | undefined;
      for (let at = 0; at < joining; at += 1) {
        const known = byName.get(group[at] ?? '');
        if (known === undefined || known === target) continue;
        if (target === undefined) target = known;
        else absorb(target, known, byName);
      }
      if (target === undefined) {
        target = { names: [], hits: [hit], absorbed: false };
        drafts.push(target);
      } else target.hits.push(hit);
      for (let at = 0; at < joining; at += 1) {
        const name = group[at] ?? '';
        if (byName.get(name) === target) continue;
        target.names.push(name);
        byName.set(name, target);
      }
    }
  }
  const found: Vulnerability[] = [];
  for (const draft of drafts) if (!draft.absorbed) found.push(vulnerabilityOf(draft, bundle, compare, preferLabel));
  return found.sort((a, b) => compareSeverity(a.severity, b.severity) || (a.id < b.id ? -1 : 1));
}

function absorb(target: Draft, other: Draft, byName: Map<string, Draft>): void {
  for (const name of other.names) {
    target.names.push(name);
    byName.set(name, target);
  }
  target.hits.push(...other.hits);
  other.absorbed = true;
}

type Building = { -readonly [Key in keyof Vulnerability]: Vulnerability[Key] };

function vulnerabilityOf({ names, hits }: Draft, bundle: Bundle, compare: Compare | undefined, preferLabel: boolean): Vulnerability {
  if (names.length > 1) names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const rows: number[] = [];
  let affected = 0;
  let cvss: Vulnerability['cvss'];
  for (const { entry, outcome } of hits) {
    if (!rows.includes(entry.a)) rows.push(entry.a);
    if (outcome.answer === 'affected') affected += 1;
    cvss ??= entry.c;
  }
  const advisories: AdvisoryRow[] = [];
  for (const row of rows) advisories.push(bundle.advisory(row));
  let own: Vulnerability['cvss'];
  for (const { facts } of advisories) if (facts.groups.length === 1) own ??= facts.cvss;
  const known: CveRow[] = [];
  for (const name of names) if (name.startsWith('CVE-')) known.push(bundle.cve(name));
  cvss ??= own;
  let kev: CveRow['kev'];
  let exploit = false;
  for (const one of known) {
    cvss ??= one.cvss;
    kev ??= one.kev;
    if (one.exploit === true) exploit = true;
  }
  const id = names[0] ?? advisories[0]?.name ?? '';
  const rated = cvss === undefined ? undefined : severityOfScore(cvss.score);
  const label = worst(hits, advisories);
  const fix = fixOf(affected === 0 || affected === hits.length ? hits : hits.filter((hit) => hit.outcome.answer === 'affected'), compare);
  const made: Building = {
    id,
    aliases: aliasesOf(id, names, advisories),
    answer: affected > 0 ? 'affected' : 'unknown',
    fixState: fix.fixState,
    severity: id.startsWith('MAL-') ? 'critical' : ((preferLabel ? (label ?? rated) : (rated ?? label)) ?? 'unknown'),
    advisories: rows,
    sources: sourcesOf(advisories),
  };
  const reason = affected > 0 ? undefined : hits[0]?.outcome.reason;
  const epss = worstEpss(known);
  if (reason !== undefined) made.reason = reason;
  if (fix.fixed !== undefined) made.fixed = fix.fixed;
  if (cvss !== undefined) made.cvss = cvss;
  if (epss !== undefined) made.epss = epss;
  if (kev !== undefined) made.kev = kev;
  if (exploit) made.exploit = true;
  return made;
}

const none: readonly string[] = [];
const single = new Map<string, readonly string[]>();

/** Sorted, each once. A list of one is shared by all that have it: most do. */
function sourcesOf(advisories: readonly AdvisoryRow[]): readonly string[] {
  const first = advisories[0]?.source ?? '';
  if (advisories.some((one) => one.source !== first)) return [...new Set(advisories.map((one) => one.source))].sort();
  let list = single.get(first);
  if (list === undefined) single.set(first, (list = [first]));
  return list;
}

function aliasesOf(id: string, names: readonly string[], advisories: readonly AdvisoryRow[]): readonly string[] {
  if (names.length === 1 && advisories.length === 1 && advisories[0]?.name === id) return none;
  const aliases: string[] = [];
  for (const name of names) if (name !== id) aliases.push(name);
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
