import type { Locale } from '@palisade/model/locale';
import { tactics } from '@palisade/model/tactic';
import type { Alert } from './alert.ts';
import type { Message } from './channel.ts';
import { oneLine } from './post.ts';

const labels = {
  en: { source: { incident: 'Incident', detection: 'Detection', waf: 'Blocked web requests', digest: 'Digest', test: 'Test' }, priority: { Emergency: 'Emergency', Alert: 'Alert', Critical: 'Critical', Error: 'Error', Warning: 'Warning', Notice: 'Notice', Informational: 'Informational', Debug: 'Debug' }, what: 'What', where: 'Where', image: 'Image', rules: 'Rules', tactics: 'Tactics', count: 'Times', when: 'When', folded: 'Not sent one by one', colon: ': ', list: ', ' },
  'zh-CN': { source: { incident: '安全事件', detection: '检测告警', waf: '已拦截的 Web 请求', digest: '汇总', test: '测试' }, priority: { Emergency: '紧急', Alert: '警报', Critical: '严重', Error: '错误', Warning: '警告', Notice: '注意', Informational: '信息', Debug: '调试' }, what: '内容', where: '位置', image: '镜像', rules: '规则', tactics: '战术', count: '次数', when: '时间', folded: '未逐条发送', colon: '：', list: '、' },
} as const;

/** `[Critical] Incident: a shell was started`, on one line. */
export function headline({ alert, language }: Message): string {
  const words = labels[language];
  return oneLine(`[${words.priority[alert.priority]}] ${words.source[alert.source]}${words.colon}${alert.title[language]}`, 300);
}

export type Fact = { readonly label: string; readonly value: string };

/** What there is to say beside the headline, each on one line: attackers name processes, files and clients. */
export function facts({ alert, language }: Message): Fact[] {
  const words = labels[language];
  const place = [alert.cluster?.name, alert.node?.name, alert.namespace, alert.project, alert.container].filter((part) => part !== null && part !== undefined && part !== '').join(' / ');
  const named = alert.tactics.map((key) => tactics[key]?.name[language] ?? key).join(words.list);
  const found: [string, string][] = [
    [words.what, alert.summary],
    [words.where, place],
    [words.image, alert.image ?? ''],
    [words.rules, alert.rules.join(words.list)],
    [words.tactics, named],
    [words.count, alert.count > 1 ? String(alert.count) : ''],
    [words.when, alert.at],
    ...(alert.folded === undefined ? [] : digestLines(alert.folded, language).map((line): [string, string] => [words.folded, line])),
  ];
  return found.flatMap(([label, value]) => (value === '' ? [] : [{ label, value: oneLine(value, 1000) }]));
}

function digestLines(folded: NonNullable<Alert['folded']>, language: Locale): string[] {
  const words = labels[language];
  const priorities = Object.entries(folded.byPriority).map(([name, count]) => `${words.priority[name as Alert['priority']] ?? name} ${count}`);
  return [`${priorities.join(words.list)} (${folded.since} – ${folded.until})`, ...folded.top.map(({ title, count }) => `${title[language]} ×${count}`)];
}

/** Headline, facts and link as lines of plain text. */
export function plainLines(message: Message): string[] {
  const { colon } = labels[message.language];
  return [headline(message), ...facts(message).map(({ label, value }) => `${label}${colon}${value}`), message.url];
}
