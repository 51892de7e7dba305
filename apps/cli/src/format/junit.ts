import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Locale } from '@palisade/model/text';
import { escaped } from './markup.ts';
import { isUnanswered, unansweredPackages } from '@palisade/report/unanswered';

type Case = { readonly name: string; readonly className: string; readonly outcome?: { readonly tag: 'failure' | 'skipped' | 'error'; readonly message: string; readonly type?: string; readonly text?: string } };

/**
 * JUnit XML as CI servers read it: a failing test a finding, a skipped one for each package that no feed answers for and
 * for each gap, a passing one for each package known to be clean, and the verdict.
 */
export function formatJunit(result: ScanResult, locale: Locale): string {
  const waived = new Map(result.verdict.waived.map((one) => [one.finding, one]));
  const suites = [
    { name: 'verdict', cases: [verdictCase(result, locale)] },
    { name: 'vulnerability', cases: vulnerabilityCases(result, locale, waived) },
    { name: 'misconfiguration, secret and others', cases: result.findings.filter((finding) => finding.kind !== 'vulnerability').map((finding) => findingCase(finding, finding.path ?? result.target.ref, locale, waived)) },
    { name: 'not looked at', cases: result.gaps.map((gap): Case => ({ name: `${gap.kind} ${gap.subject}`, className: gap.kind, outcome: { tag: 'skipped', message: `${gap.subject}: ${gap.reason} (${gap.count})` } })) },
  ];
  const all = suites.flatMap((suite) => suite.cases);
  const lines = ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites name="palisade ${escaped(`${result.target.kind}:${result.target.ref}`)}" ${counts(all)} time="0">`];
  for (const { name, cases } of suites) {
    lines.push(`  <testsuite name="${escaped(name)}" ${counts(cases)} time="0">`);
    if (name === 'verdict') lines.push('    <properties>', ...properties(result).map(([key, value]) => `      <property name="${escaped(key)}" value="${escaped(value)}"/>`), '    </properties>');
    for (const one of cases) lines.push(...caseLines(one));
    lines.push('  </testsuite>');
  }
  return `${lines.join('\n')}\n</testsuites>\n`;
}

function verdictCase(result: ScanResult, locale: Locale): Case {
  const { verdict, status } = result;
  const text = verdict.reasons.map((reason) => `${reason.policy}/${reason.rule}: ${reason.because?.[locale] ?? ''} [${reason.findings.length}]`).join('\n');
  const name = `verdict: ${verdict.result}; scan ${status}`;
  if (verdict.result === 'deny') return { name, className: 'palisade.verdict', outcome: { tag: 'failure', message: 'denied by the policy', type: 'deny', text } };
  if (status === 'failed') return { name, className: 'palisade.verdict', outcome: { tag: 'error', message: 'the scan failed', type: 'failed', text } };
  return { name, className: 'palisade.verdict' };
}

function vulnerabilityCases(result: ScanResult, locale: Locale, waived: ReadonlyMap<string, ScanResult['verdict']['waived'][number]>): Case[] {
  const unknown = unansweredPackages(result);
  const findings = result.findings.filter((finding) => finding.kind === 'vulnerability' && !isUnanswered(finding));
  const hit = new Set(findings.map((finding) => finding.package));
  const cases = findings.map((finding) => findingCase(finding, finding.package ?? result.target.ref, locale, waived));
  for (const one of result.packages) {
    if (hit.has(one.purl)) continue;
    const answer = unknown.get(one.purl);
    if (answer !== undefined) cases.push({ name: `${one.name} ${one.version}`, className: one.purl, outcome: { tag: 'skipped', message: answer } });
    else if (one.ownedBy === undefined) cases.push({ name: `${one.name} ${one.version}: not affected`, className: one.purl });
  }
  return cases;
}

function findingCase(finding: Finding, className: string, locale: Locale, waived: ReadonlyMap<string, ScanResult['verdict']['waived'][number]>): Case {
  const name = `[${finding.severity.toUpperCase()}] ${finding.rule}`;
  const accepted = waived.get(finding.id);
  if (accepted !== undefined) return { name, className, outcome: { tag: 'skipped', message: `waived by ${accepted.waiver}: ${accepted.reason}` } };
  if (finding.answer === 'unknown') return { name, className, outcome: { tag: 'skipped', message: `unknown: ${finding.reason ?? ''}` } };
  const text = [finding.evidence, finding.description?.[locale], finding.remedy?.[locale], finding.instruction === undefined ? undefined : `${finding.layer ?? ''} ${finding.instruction}`, ...finding.references].filter((line) => line !== undefined && line !== '').join('\n');
  return { name, className, outcome: { tag: 'failure', message: finding.title[locale], type: finding.kind, text } };
}

function caseLines({ name, className, outcome }: Case): string[] {
  const open = `    <testcase name="${escaped(name)}" classname="${escaped(className)}" time="0"`;
  if (outcome === undefined) return [`${open}/>`];
  const head = `      <${outcome.tag} message="${escaped(outcome.message)}"${outcome.type === undefined ? '' : ` type="${escaped(outcome.type)}"`}`;
  const body = outcome.text === undefined || outcome.text === '' ? `${head}/>` : `${head}>${outcome.text.split('\n').map(escaped).join('\n')}</${outcome.tag}>`;
  return [`${open}>`, body, '    </testcase>'];
}

function counts(cases: readonly Case[]): string {
  const of = (tag: string): number => cases.filter((one) => one.outcome?.tag === tag).length;
  return `tests="${cases.length}" failures="${of('failure')}" errors="${of('error')}" skipped="${of('skipped')}"`;
}

function properties(result: ScanResult): [string, string][] {
  return [
    ['target', `${result.target.kind}:${result.target.ref}`],
    ['status', result.status],
    ['content', result.content],
    ['feed', result.feed === null ? 'none: vulnerabilities are unknown' : result.feed.id],
    ['packages', String(result.packages.length)],
  ];
}
