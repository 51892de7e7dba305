import type { findings as en } from '../en/findings.ts';

export const findings: Readonly<Record<keyof typeof en, string>> = {
  'severity.critical': '严重',
  'severity.high': '高',
  'severity.medium': '中',
  'severity.low': '低',
  'severity.unknown': '未知',
  'status.complete': '完整',
  'status.partial': '部分',
  'status.failed': '失败',
  'status.notScanned': '尚未扫描',
  'finding.priority': '优先级',
  'finding.rule': '规则',
  'finding.title': '内容',
  'finding.where': '位置',
  'finding.fixed': '修复版本',
  'finding.answer': '结论',
  'finding.affected': '受影响',
};
