import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import { deterministicId } from '@palisade/model/id';
import type { Layer } from '@palisade/model/layer';
import type { Package } from '@palisade/model/package';
import type { Bundle } from './bundle/open.ts';
import { ecosystemKey } from './ecosystem/key.ts';
import type { Match, Vulnerability } from './match/types.ts';
import { prioritise } from './priority/prioritise.ts';
import type { PriorityContext } from './priority/prioritise.ts';
import { remedyOf } from './remedy.ts';

/** What a match needs to become a finding: the bundle for its texts, the image's layers, and where the image runs. */
export type FindingContext = Omit<PriorityContext, 'inBase' | 'exploit'> & { readonly bundle: Bundle | null; readonly layers?: readonly Layer[] };

/**
 * The findings of some matches, worst priority first. A package with an unknown answer gives one finding with its
 * reason; one that a distribution package speaks for gives none of its own. Ids depend on vulnerability, package and place
 * alone, so the same finding keeps its id from scan to scan and from bundle to bundle.
 */
export function toFindings(matches: readonly Match[], context: FindingContext): Finding[] {
  const layers = new Map((context.layers ?? []).map((layer) => [layer.diffId, layer]));
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const add = (finding: Finding): void => {
    if (seen.has(finding.id)) return;
    seen.add(finding.id);
    findings.push(finding);
  };
  for (const match of matches) {
    const place = placeOf(match.package, layers);
    const inBase = place.layer === undefined ? undefined : layers.get(place.layer)?.base;
    const where: PriorityContext = { ...context, ...(inBase === undefined ? {} : { inBase }) };
    for (const vulnerability of match.vulnerabilities) {
      const draft = { ...vulnerabilityFinding(match.package, vulnerability, context.bundle), ...place };
      add({ ...draft, priority: prioritise(draft, vulnerability.exploit === true ? { ...where, exploit: true } : where) });
    }
    if (match.answer === 'unknown' && match.vulnerabilities.length === 0 && !spokenFor(match)) {
      const draft = { ...unknownFinding(match.package, match.reason ?? ''), ...place };
      add({ ...draft, priority: prioritise(draft, where) });
    }
  }
  return findings.sort((a, b) => b.priority.score - a.priority.score || (a.id < b.id ? -1 : 1));
}

// The owner's own unknown finding says it once for all it owns.
function spokenFor(match: Match): boolean {
  return match.owner !== undefined && match.reason?.startsWith('owned by ') !== true;
}

function placeOf(one: Package, layers: ReadonlyMap<string, Layer>): Pick<Finding, 'layer' | 'instruction' | 'path' | 'removed'> {
  const layer = one.layer === undefined ? undefined : layers.get(one.layer);
  return {
    ...(one.layer === undefined ? {} : { layer: one.layer }),
    ...(layer === undefined ? {} : { instruction: layer.instruction }),
    ...(one.paths[0] === undefined ? {} : { path: one.paths[0] }),
    ...(one.removed === undefined ? {} : { removed: one.removed }),
  };
}

function vulnerabilityFinding(one: Package, vulnerability: Vulnerability, bundle: Bundle | null): Omit<Finding, 'priority'> {
  const texts = bundle === null ? [] : vulnerability.advisories.map((row) => bundle.text(row));
  const summary = texts.map((text) => text.summary).find((text) => text !== '') ?? '';
  const details = texts.map((text) => text.details).find((text) => text !== '') ?? summary;
  const label = `${one.name} ${one.version}`;
  const unknown = vulnerability.answer === 'unknown';
  const tail = summary === '' ? '' : `: ${summary}`;
  const { id, fixed, cvss, epss } = vulnerability;
  return {
    id: deterministicId('fnd', 'vulnerability', id, one.purl, one.layer ?? '', one.paths[0] ?? ''),
    kind: 'vulnerability',
    rule: id,
    severity: vulnerability.severity,
    answer: vulnerability.answer,
    ...(vulnerability.reason === undefined ? {} : { reason: vulnerability.reason }),
    package: one.purl,
    ...(fixed === undefined ? {} : { fixed }),
    fixState: vulnerability.fixState,
    aliases: [...vulnerability.aliases],
    ...(cvss === undefined ? {} : { cvss }),
    ...(epss === undefined ? {} : { epss: epss.score }),
    kev: vulnerability.kev !== undefined,
    title: unknown ? { en: `${label}: not known whether ${id} affects it${tail}`, 'zh-CN': `${label}：不确定是否受 ${id} 影响${zhTail(summary)}` } : { en: `${label} is affected by ${id}${tail}`, 'zh-CN': `${label} 受 ${id} 影响${zhTail(summary)}` },
    description: { en: details === '' ? `${label} is affected by ${id}.` : details, 'zh-CN': `${label} ${unknown ? '可能受' : '受'} ${id} 影响。${details === '' ? '' : `发布方说明（原文）：${details}`}` },
    remedy: remedyOf(one, vulnerability),
    references: referencesOf(vulnerability, texts.flatMap((text) => text.references)),
  };
}

function zhTail(summary: string): string {
  return summary === '' ? '' : `：${summary}`;
}

function referencesOf(vulnerability: Vulnerability, references: readonly string[]): string[] {
  const own = vulnerability.id.startsWith('CVE-') ? [`https://nvd.nist.gov/vuln/detail/${vulnerability.id}`] : vulnerability.id.startsWith('GHSA-') ? [`https://github.com/advisories/${vulnerability.id}`] : [];
  return [...new Set([...own, ...references])].slice(0, 20);
}

function unknownFinding(one: Package, reason: string): Omit<Finding, 'priority'> {
  const label = `${one.name} ${one.version}`;
  return {
    id: deterministicId('fnd', 'vulnerability', 'unknown', one.purl, one.layer ?? '', one.paths[0] ?? ''),
    kind: 'vulnerability',
    rule: 'unknown',
    severity: 'unknown',
    answer: 'unknown',
    reason,
    package: one.purl,
    title: { en: `${label}: vulnerabilities unknown: ${reason}`, 'zh-CN': `${label}：漏洞情况未知：${zhReason(reason)}` },
    remedy: { en: 'Build or pull a feed bundle that covers it: palisade feed pull', 'zh-CN': '构建或拉取覆盖它的漏洞库：palisade feed pull' },
    references: [],
  };
}

function zhReason(reason: string): string {
  return reason.replace(/^no feed covers (.*?)(?: \(partial feed: a sample\))?$/, '没有覆盖 $1 的漏洞库').replace(/^partial feed: (.*)$/, '漏洞库不完整：$1');
}

/** What the bundle could not answer, as gaps: one for each ecosystem and reason, with the number of packages. */
export function matchGaps(matches: readonly Match[]): Gap[] {
  const gaps = new Map<string, Gap>();
  for (const match of matches) {
    if (match.answer !== 'unknown') continue;
    const subject = ecosystemKey(match.package.ecosystem).toLowerCase();
    const reason = match.reason ?? 'unknown';
    const kind = reason.startsWith('no feed covers') ? 'feed-missing' : reason.startsWith('partial feed') ? 'feed-partial' : 'match-unknown';
    const key = `${kind} ${subject} ${reason}`;
    const known = gaps.get(key);
    if (known === undefined) gaps.set(key, { kind, subject, reason, count: 1, remedy: { en: 'Get a feed that covers it: palisade feed pull', 'zh-CN': '获取覆盖它的漏洞库：palisade feed pull' } });
    else known.count += 1;
  }
  return [...gaps.values()];
}
