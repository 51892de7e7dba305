import type { Finding } from '@palisade/model/finding';
import type { Gap } from '@palisade/model/gap';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Locale } from '@palisade/model/text';
import { productVersion } from '../product-version.ts';
import { locationOf, relativeUri } from './location.ts';
import { plainText } from '@palisade/report/plain-text';
import { isUnanswered, unansweredOf } from '@palisade/report/unanswered';

/** How many names a message spells out before it counts the rest. */
const named = 20;

/**
 * SARIF 2.1.0 (OASIS). One result a finding; what no feed could answer is one result of kind "open" for each reason;
 * gaps are tool execution notifications; what a waiver let through carries a suppression.
 */
export function formatSarif(result: ScanResult, locale: Locale): string {
  const affected = result.findings.filter((finding) => !isUnanswered(finding));
  const unanswered = unansweredOf(result);
  const rules = rulesOf(affected, locale);
  const index = new Map(rules.map((rule, at) => [rule.id, at]));
  const openRule = unanswered.length === 0 ? [] : [unknownRule()];
  const waived = new Map(result.verdict.waived.map((one) => [one.finding, one]));
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Palisade', version: productVersion, semanticVersion: productVersion, rules: [...rules, ...openRule] } },
        automationDetails: { id: `palisade/${result.target.kind}/${relativeUri(result.target.ref)}/` },
        originalUriBaseIds: { ROOTPATH: { uri: 'file:///' } },
        columnKind: 'utf16CodeUnits',
        invocations: [
          {
            executionSuccessful: result.status !== 'failed',
            toolExecutionNotifications: result.gaps.map((gap) => notificationOf(gap, locale)),
          },
        ],
        results: [
          ...affected.map((finding) => ({ ...resultOf(finding, result, locale), ruleIndex: index.get(finding.rule) ?? -1, ...suppressionOf(waived.get(finding.id)) })),
          ...unanswered.map((group) => ({
            ruleId: 'palisade-unknown',
            ruleIndex: rules.length,
            kind: 'open',
            level: 'none',
            message: { text: plainText(`${group.text} (${group.findings.length} packages: ${listOf(group.findings.map((finding) => finding.package ?? ''))})`) },
            locations: [physical(result.target.ref, 1)],
            partialFingerprints: { 'palisadeUnknown/v1': group.reason },
            properties: { packages: group.findings.map((finding) => finding.package ?? '') },
          })),
        ],
        properties: {
          'palisade:target': `${result.target.kind}:${result.target.ref}`,
          'palisade:status': result.status,
          'palisade:content': result.content,
          'palisade:verdict': result.verdict.result,
          'palisade:feed': result.feed === null ? 'none' : result.feed.id,
          'palisade:packages': result.packages.length,
        },
      },
    ],
  };
  return `${JSON.stringify(log, null, 2)}\n`;
}

type Rule = { readonly id: string } & Readonly<Record<string, unknown>>;

function rulesOf(findings: readonly Finding[], locale: Locale): Rule[] {
  const rules = new Map<string, Rule>();
  for (const finding of findings) {
    if (rules.has(finding.rule)) continue;
    const description = finding.description?.[locale] ?? finding.title[locale];
    const remedy = finding.remedy?.[locale] ?? '';
    const uri = finding.references.find((reference) => /^https?:\/\/[^\s]+$/.test(reference));
    const text = plainParagraphs(`${description}${remedy === '' ? '' : `\n\n${remedy}`}`);
    rules.set(finding.rule, {
      id: finding.rule,
      shortDescription: { text: plainText(finding.title[locale]) || finding.rule },
      fullDescription: { text: plainParagraphs(description).slice(0, 4000) || finding.rule },
      help: { text: text || finding.rule },
      ...(uri === undefined ? {} : { helpUri: encodeURI(decodeSafely(uri)) }),
      defaultConfiguration: { level: levelOf(finding) },
      properties: { tags: ['security', finding.kind], precision: finding.kind === 'secret' ? 'high' : 'very-high', 'security-severity': securitySeverity(finding) },
    });
  }
  return [...rules.values()];
}

function unknownRule(): Rule {
  const text = 'No feed answers for these packages: their vulnerabilities are unknown, not zero.';
  return { id: 'palisade-unknown', shortDescription: { text: 'Vulnerabilities unknown' }, fullDescription: { text }, help: { text }, defaultConfiguration: { level: 'none' }, properties: { tags: ['security', 'coverage'] } };
}

function resultOf(finding: Finding, result: ScanResult, locale: Locale): Record<string, unknown> {
  const { path, line } = locationOf(finding, result.target);
  const evidence = finding.evidence === undefined ? '' : ` (${finding.evidence})`;
  const remedy = finding.remedy?.[locale] ?? '';
  const unknown = finding.answer === 'unknown' ? `unknown: ${finding.reason ?? ''}. ` : '';
  return {
    ruleId: finding.rule,
    level: levelOf(finding),
    ...(finding.answer === 'unknown' ? { kind: 'review' } : {}),
    message: { text: plainText(`${unknown}${finding.title[locale]}${evidence}${remedy === '' ? '' : ` ${remedy}`}`) },
    locations: [physical(path, line, finding, result)],
    partialFingerprints: { 'palisadeFinding/v1': finding.id },
    rank: Math.max(0, Math.min(100, finding.priority.score)),
    properties: {
      kind: finding.kind,
      severity: finding.severity,
      answer: finding.answer,
      ...(finding.package === undefined ? {} : { package: finding.package }),
      ...(finding.fixed === undefined ? {} : { fixed: finding.fixed }),
      ...(finding.fixState === undefined ? {} : { fixState: finding.fixState }),
      ...(finding.layer === undefined ? {} : { layer: finding.layer }),
      ...(finding.removed === undefined ? {} : { removed: finding.removed }),
      priority: finding.priority,
    },
  };
}

function physical(path: string, line: number, finding?: Finding, result?: ScanResult): Record<string, unknown> {
  const layer = result?.image?.layers.find((one) => one.diffId === finding?.layer);
  return {
    physicalLocation: { artifactLocation: { uri: relativeUri(path), uriBaseId: 'ROOTPATH' }, region: { startLine: line, startColumn: 1 } },
    ...(layer === undefined ? {} : { message: { text: plainText(`layer ${layer.diffId}: ${finding?.instruction ?? layer.instruction}`) }, logicalLocations: [{ name: layer.diffId, fullyQualifiedName: layer.diffId, kind: 'layer' }] }),
  };
}

function notificationOf(gap: Gap, locale: Locale): Record<string, unknown> {
  const remedy = gap.remedy === undefined ? '' : ` ${gap.remedy[locale]}`;
  return { descriptor: { id: gap.kind }, level: 'warning', message: { text: plainText(`not looked at: ${gap.subject}: ${gap.reason}${gap.count > 1 ? ` (${gap.count})` : ''}.${remedy}`) } };
}

function suppressionOf(waived: ScanResult['verdict']['waived'][number] | undefined): Record<string, unknown> {
  return waived === undefined ? {} : { suppressions: [{ kind: 'external', status: 'accepted', justification: plainText(`${waived.waiver}: ${waived.reason}`) }] };
}

function levelOf(finding: Pick<Finding, 'severity' | 'answer'>): 'error' | 'warning' | 'note' | 'none' {
  // SARIF 3.27.10: a result that is no failure has the level "none".
  if (finding.answer === 'unknown') return 'none';
  return ({ critical: 'error', high: 'error', medium: 'warning', low: 'note', unknown: 'warning' } as const)[finding.severity];
}

/** The number by which code scanning pages sort: CVSS where there is one, else the middle of the severity's band. */
function securitySeverity(finding: Finding): string {
  return (finding.cvss?.score ?? { critical: 9.5, high: 8, medium: 5.5, low: 2, unknown: 0 }[finding.severity]).toFixed(1);
}

function listOf(names: readonly string[]): string {
  return names.length <= named ? names.join(', ') : `${names.slice(0, named).join(', ')} and ${names.length - named} more`;
}

function plainParagraphs(text: string): string {
  return text.split('\n').map(plainText).join('\n').trim();
}

function decodeSafely(uri: string): string {
  try {
    return decodeURI(uri);
  } catch {
    return uri.replaceAll('%', '%25');
  }
}
