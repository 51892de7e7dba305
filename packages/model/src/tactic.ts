import type { Text } from './text.ts';

/** Tactics of MITRE ATT&CK for Enterprise, in the order of an attack. */
export const tactics: Readonly<Record<string, { readonly id: string; readonly name: Text }>> = {
  reconnaissance: { id: 'TA0043', name: { en: 'Reconnaissance', 'zh-CN': '侦察' } },
  resource_development: { id: 'TA0042', name: { en: 'Resource Development', 'zh-CN': '资源开发' } },
  initial_access: { id: 'TA0001', name: { en: 'Initial Access', 'zh-CN': '初始访问' } },
  execution: { id: 'TA0002', name: { en: 'Execution', 'zh-CN': '执行' } },
  persistence: { id: 'TA0003', name: { en: 'Persistence', 'zh-CN': '持久化' } },
  privilege_escalation: { id: 'TA0004', name: { en: 'Privilege Escalation', 'zh-CN': '权限提升' } },
  defense_evasion: { id: 'TA0005', name: { en: 'Defense Evasion', 'zh-CN': '防御规避' } },
  credential_access: { id: 'TA0006', name: { en: 'Credential Access', 'zh-CN': '凭证访问' } },
  discovery: { id: 'TA0007', name: { en: 'Discovery', 'zh-CN': '发现' } },
  lateral_movement: { id: 'TA0008', name: { en: 'Lateral Movement', 'zh-CN': '横向移动' } },
  collection: { id: 'TA0009', name: { en: 'Collection', 'zh-CN': '收集' } },
  command_and_control: { id: 'TA0011', name: { en: 'Command and Control', 'zh-CN': '命令与控制' } },
  exfiltration: { id: 'TA0010', name: { en: 'Exfiltration', 'zh-CN': '数据窃取' } },
  impact: { id: 'TA0040', name: { en: 'Impact', 'zh-CN': '影响' } },
};

/** The tactics a rule's tags name: Falco's `mitre_…` tags, or the tactic's id or word. */
export function tacticsOf(tags: readonly string[]): string[] {
  const words = tags.map((tag) => tag.toLowerCase().replace(/^mitre_/, '').replaceAll('-', '_'));
  return Object.entries(tactics).flatMap(([key, { id }]) => (words.includes(key) || words.includes(id.toLowerCase()) ? [key] : []));
}

/** The technique ids among a rule's tags: T1059, T1059.004. */
export function techniquesOf(tags: readonly string[]): string[] {
  return tags.filter((tag) => /^T\d{4}(\.\d{3})?$/.test(tag));
}
