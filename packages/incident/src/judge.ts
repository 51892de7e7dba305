import type { RulePriority } from '@palisade/model/detection';
import { rulePriorities } from '@palisade/model/detection';
import { tactics, tacticsOf } from '@palisade/model/tactic';
import type { Text } from '@palisade/model/text';

export type Judged = { readonly rule: string; readonly priority: RulePriority; readonly tags: readonly string[]; readonly title: Text };
export type Verdict = { readonly verdict: 'compromised' | 'suspicious'; readonly priority: RulePriority; readonly title: Text; readonly tactics: readonly string[]; readonly reasons: readonly Text[] };

const rank = (priority: RulePriority): number => rulePriorities.indexOf(priority);
const critical = rank('Critical');
const warning = rank('Warning');

/** True for a detection that is an incident by itself; lesser ones only join one. */
export function opensIncident(priority: RulePriority): boolean {
  return rank(priority) <= warning;
}

/**
 * What the detections of one incident say together. Compromised: one of Critical or worse, or warnings of two tactics
 * or more, since one step of an attack may be a mistake and two of different kinds seldom are. Throws without detections.
 */
export function judgeIncident(detections: readonly Judged[]): Verdict {
  const sorted = [...detections].sort((a, b) => rank(a.priority) - rank(b.priority));
  const worst = sorted[0];
  if (worst === undefined) throw new Error('an incident has at least one detection');
  const reasons: Text[] = [];
  const severe = [...new Set(sorted.filter((one) => rank(one.priority) <= critical).map((one) => one.rule))];
  if (severe.length > 0) reasons.push({ en: `Rules of Critical or worse matched: ${severe.join(', ')}.`, 'zh-CN': `命中 Critical 或更高优先级的规则：${severe.join('、')}。` });
  const serious = tacticsIn(sorted.filter((one) => rank(one.priority) <= warning));
  if (serious.length > 1) {
    const names = serious.map((key) => tactics[key]?.name ?? { en: key, 'zh-CN': key });
    reasons.push({ en: `Steps of ${serious.length} different tactics were seen: ${names.map((name) => name.en).join(', ')}.`, 'zh-CN': `观察到 ${serious.length} 个不同战术的步骤：${names.map((name) => name['zh-CN']).join('、')}。` });
  }
  const verdict = reasons.length > 0 ? 'compromised' : 'suspicious';
  if (verdict === 'suspicious') reasons.push({ en: 'No rule of Critical or worse matched, and no warnings of two tactics.', 'zh-CN': '没有 Critical 或更高优先级的规则命中，也没有两个战术的告警。' });
  return { verdict, priority: worst.priority, title: worst.title, tactics: tacticsIn(sorted), reasons };
}

function tacticsIn(detections: readonly Judged[]): string[] {
  const seen = new Set(detections.flatMap((one) => tacticsOf(one.tags)));
  return Object.keys(tactics).filter((key) => seen.has(key));
}
