import type { Severity } from '@palisade/model/severity';
import type { Locale } from '@palisade/model/text';

/** The words of the HTML report, each in both languages. */
export const htmlWords = {
  en: {
    verdicts: { none: 'No policy was asked', allow: 'Allowed', warn: 'Allowed with warnings', deny: 'Denied' },
    statuses: { complete: 'complete', partial: 'partial', failed: 'failed' },
    fixStates: { fixed: 'fixed', 'not-fixed': 'no fix yet', 'wont-fix': 'will not be fixed', deferred: 'put off', unknown: 'not known' },
    status: 'scan', content: 'content', noFindings: 'No findings in what was looked at.', unknown: 'Unknown, not zero', packages: 'packages', files: 'files', layers: 'layers', show: 'show', gaps: 'Not looked at', kind: 'kind', subject: 'where', reason: 'why', count: 'count', findings: 'Findings', packageList: 'Packages', package: 'package', version: 'version', ecosystem: 'ecosystem', place: 'found in', lookedAt: 'Looked at', feed: 'Feed', noFeed: 'none: vulnerabilities are unknown, not zero', image: 'Image', priority: 'priority', severity: 'severity', rule: 'rule', what: 'what', fix: 'fix', layer: 'layer', why: 'why, and what to do', removed: 'deleted by a later layer', waived: 'waived', unused: 'waiver did nothing', waivers: 'Waivers', instruction: 'instruction', size: 'bytes', base: 'base image',
  },
  'zh-CN': {
    verdicts: { none: '未指定策略', allow: '允许', warn: '允许（有警告）', deny: '拒绝' },
    statuses: { complete: '完整', partial: '部分', failed: '失败' },
    fixStates: { fixed: '已修复', 'not-fixed': '尚无修复', 'wont-fix': '不会修复', deferred: '推迟修复', unknown: '未知' },
    status: '扫描', content: '内容', noFindings: '已检查的内容中没有发现。', unknown: '未知，而不是零', packages: '个软件包', files: '个文件', layers: '层', show: '展开', gaps: '未检查的内容', kind: '类别', subject: '位置', reason: '原因', count: '数量', findings: '发现', packageList: '软件包', package: '软件包', version: '版本', ecosystem: '生态', place: '位置', lookedAt: '已检查', feed: '漏洞库', noFeed: '无：漏洞情况未知，而不是零', image: '镜像', priority: '优先级', severity: '严重程度', rule: '规则', what: '内容', fix: '修复版本', layer: '镜像层', why: '原因与处理办法', removed: '已被后续层删除', waived: '已豁免', unused: '豁免未生效', waivers: '豁免', instruction: '构建指令', size: '字节', base: '基础镜像',
  },
} as const;

const severityWords: Readonly<Record<Locale, Readonly<Record<Severity, string>>>> = {
  en: { critical: 'CRITICAL', high: 'HIGH', medium: 'MEDIUM', low: 'LOW', unknown: 'UNKNOWN' },
  'zh-CN': { critical: '严重', high: '高', medium: '中', low: '低', unknown: '未知' },
};

/** The same five words on the terminal and in the report. */
export function severityWord(severity: Severity, locale: Locale): string {
  return severityWords[locale][severity];
}
