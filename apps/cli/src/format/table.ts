import { styleText } from 'node:util';
import type { Finding } from '@palisade/model/finding';
import type { ScanResult } from '@palisade/model/scan-result';
import type { Severity } from '@palisade/model/severity';
import { severities } from '@palisade/model/severity';
import type { Locale } from '@palisade/model/text';
import { plainText } from '@palisade/report/plain-text';

export type TableOptions = { readonly locale: Locale; readonly color: boolean; /** Columns of the terminal. */ readonly width?: number };

const words = {
  en: { none: 'NO POLICY ASKED', allow: 'ALLOWED', warn: 'ALLOWED WITH WARNINGS', deny: 'DENIED', first: 'To do first', packages: 'packages', files: 'files', layers: 'layers', findings: 'findings', gaps: 'Not looked at', fix: 'fix', noFix: 'no fix', removed: 'deleted by a later layer', waived: 'waived', unused: 'waiver did nothing', feed: 'feed', days: 'days old', noFeed: 'No vulnerability feed: vulnerabilities are unknown, not zero. Get one with "palisade feed pull" or give --feed FILE.', unknown: 'unknown', nothing: 'No findings.', scan: 'scan', columns: ['SEVERITY', 'RULE', 'WHERE', 'FIX', 'LAYER'] },
  'zh-CN': { none: '未指定策略', allow: '允许', warn: '允许（有警告）', deny: '拒绝', first: '首先处理', packages: '个软件包', files: '个文件', layers: '层', findings: '项发现', gaps: '未检查的内容', fix: '修复版本', noFix: '暂无修复', removed: '已被后续层删除', waived: '已豁免', unused: '豁免未生效', feed: '漏洞库', days: '天前的数据', noFeed: '没有漏洞库：漏洞情况未知，而不是零。请运行“palisade feed pull”或指定 --feed 文件。', unknown: '未知', nothing: '没有发现。', scan: '扫描', columns: ['严重程度', '规则', '位置', '修复', '镜像层'] },
} as const;

const severityWords: Readonly<Record<Locale, Readonly<Record<Severity, string>>>> = {
  en: { critical: 'CRITICAL', high: 'HIGH', medium: 'MEDIUM', low: 'LOW', unknown: 'UNKNOWN' },
  'zh-CN': { critical: '严重', high: '高', medium: '中', low: '低', unknown: '未知' },
};
const colours: Readonly<Record<Severity, Parameters<typeof styleText>[0]>> = { critical: ['bold', 'red'], high: 'red', medium: 'yellow', low: 'blue', unknown: 'gray' };

/** What stands on a terminal: verdict, what was looked at, the few things to do, what is unknown, then the table. */
export function formatTable(result: ScanResult, options: TableOptions): string {
  const word = words[options.locale];
  const paint = (style: Parameters<typeof styleText>[0], text: string): string => (options.color ? styleText(style, text, { validateStream: false }) : text);
  const lines: string[] = [];
  const { verdict, feed, lookedAt } = result;
  lines.push(`${paint(verdict.result === 'deny' ? ['bold', 'red'] : ['bold', 'green'], word[verdict.result])}  ${plainText(`${result.target.kind}:${result.target.ref}`)}  (${word.scan}: ${result.status}, ${result.content})`);
  for (const reason of verdict.reasons) {
    lines.push(`  ${reason.result ?? ''} ${reason.policy}/${reason.rule}: ${plainText(reason.because?.[options.locale] ?? '')}${reason.findings.length > 0 ? ` [${reason.findings.length}]` : ''}`);
  }
  const looked = [`${result.packages.length} ${word.packages}`];
  if (lookedAt !== undefined) looked.push(`${lookedAt.files} ${word.files}`, `${lookedAt.layers} ${word.layers}`);
  looked.push(feed === null ? `${word.feed}: -` : `${word.feed} ${feed.id.slice(0, 19)}, ${Math.floor(feed.age / 86_400)} ${word.days}`);
  lines.push(`  ${looked.join(', ')}`);
  const affected = result.findings.filter((finding) => finding.answer === 'affected');
  const unknown = result.findings.filter((finding) => finding.answer === 'unknown');
  const counts = severities.map((severity) => ({ severity, count: affected.filter((finding) => finding.severity === severity).length })).filter((one) => one.count > 0);
  lines.push(`  ${affected.length} ${word.findings}${counts.length > 0 ? `: ${counts.map((one) => paint(colours[one.severity], `${one.count} ${severityWords[options.locale][one.severity]}`)).join(', ')}` : ''}`);
  if (feed === null) lines.push('', paint('yellow', word.noFeed));
  for (const [reason, count] of countBy(unknown.map((finding) => finding.reason ?? ''))) lines.push(paint('yellow', `  ${word.unknown}: ${plainText(reason)} (${count} ${word.packages})`));
  pushFirst(lines, affected, options, word.first);
  if (affected.length > 0) {
    lines.push('', ...rows(affected, result, options, paint));
  }
  if (result.gaps.length > 0) {
    lines.push('', `${word.gaps}:`);
    for (const gap of result.gaps) lines.push(`  ${gap.kind} ${plainText(gap.subject)}: ${plainText(gap.reason)}${gap.count > 1 ? ` (${gap.count})` : ''}`);
  }
  for (const waived of verdict.waived) lines.push(`  ${word.waived}: ${waived.finding} (${plainText(waived.waiver)}: ${plainText(waived.reason)})`);
  for (const unused of verdict.unusedWaivers ?? []) lines.push(paint('yellow', `  ${word.unused}: ${plainText(unused.waiver)}: ${unused.state}, ${plainText(unused.detail)}`));
  return `${lines.join('\n')}\n`;
}

/** The worst few, each with what to do. */
function pushFirst(lines: string[], affected: readonly Finding[], { locale }: TableOptions, title: string): void {
  const seen = new Set<string>();
  const first = affected.filter((finding) => {
    const key = finding.remedy?.[locale] ?? '';
    if (key === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  if (first.length === 0) return;
  lines.push('', `${title}:`);
  for (const finding of first.slice(0, 5)) lines.push(`  ${Math.round(finding.priority.score)}  ${plainText(finding.rule)}: ${plainText(finding.remedy?.[locale] ?? '')}`);
}

function rows(findings: readonly Finding[], result: ScanResult, options: TableOptions, paint: (style: Parameters<typeof styleText>[0], text: string) => string): string[] {
  const word = words[options.locale];
  const names = new Map(result.packages.map((found) => [found.purl, `${found.name} ${found.version}`]));
  const order = new Map(result.image?.layers.map((layer, index) => [layer.diffId, index + 1]));
  const cells = findings.map((finding) => [
    severityWords[options.locale][finding.severity],
    plainText(finding.rule),
    plainText(finding.package === undefined ? (finding.evidence ?? finding.path ?? finding.title[options.locale]) : (names.get(finding.package) ?? finding.package)),
    finding.kind === 'vulnerability' ? plainText(finding.fixed ?? finding.fixState ?? word.noFix) : '',
    [finding.layer === undefined ? '' : `${order.get(finding.layer) ?? '?'}`, plainText(finding.instruction ?? ''), finding.removed === undefined ? '' : `(${word.removed})`].filter((part) => part !== '').join(' '),
  ]);
  const all = [[...word.columns], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.min(60, Math.max(...all.map((row) => columnsOf(row[column] ?? '')))));
  const room = options.width ?? 200;
  return all.map((row, index) => {
    const line = row.map((cell, column) => (column === 4 ? cell : pad(cell, widths[column] ?? 0))).join('  ');
    const fitted = cut(line, room).trimEnd();
    const severity = findings[index - 1]?.severity;
    return severity === undefined ? paint('bold', fitted) : fitted.replace(row[0] ?? '', (text) => paint(colours[severity], text));
  });
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += /[\u1100-\u115f\u2e80-\uffdc]/.test(character) ? 2 : 1;
  return columns;
}

function cut(text: string, room: number): string {
  if (columnsOf(text) <= room) return text;
  let out = '';
  let columns = 0;
  for (const character of text) {
    columns += columnsOf(character);
    if (columns > room - 1) break;
    out += character;
  }
  return `${out}…`;
}

function pad(text: string, width: number): string {
  const short = cut(text, width);
  return short + ' '.repeat(Math.max(0, width - columnsOf(short)));
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
