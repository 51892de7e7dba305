import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';

/** Packages of which one thing is not known, for one reason. `text` reads the same in every format. */
export type Unanswered = { readonly reason: string; readonly text: string; readonly findings: readonly Finding[] };

/** What no feed could answer, grouped by reason; the largest group first. */
export function unansweredOf(result: Pick<ScanResult, 'findings'>): Unanswered[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of result.findings) {
    if (!isUnanswered(finding)) continue;
    const reason = finding.reason ?? 'no reason given';
    const known = groups.get(reason);
    if (known === undefined) groups.set(reason, [finding]);
    else known.push(finding);
  }
  return [...groups]
    .map(([reason, findings]) => ({ reason, text: `unknown: ${reason}`, findings }))
    .sort((a, b) => b.findings.length - a.findings.length);
}

/** True for "nothing is known of this package's vulnerabilities", false for one vulnerability that may or may not apply. */
export function isUnanswered(finding: Finding): boolean {
  return finding.answer === 'unknown' && finding.rule === 'unknown';
}

/** The answer for each package that has none, by purl. */
export function unansweredPackages(result: Pick<ScanResult, 'findings'>): Map<string, string> {
  return new Map(result.findings.filter((finding) => isUnanswered(finding) && finding.package !== undefined).map((finding) => [finding.package ?? '', `unknown: ${finding.reason ?? ''}`]));
}
