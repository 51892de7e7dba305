import { printCondition } from '@palisade/syscall-rules/condition/print';
import { enforcementOf } from '@palisade/syscall-rules/response/prevention';
import type { Preventable } from '@palisade/verdict/response/compile';
import type { MonitorRules } from '../runtime/monitor.ts';

/** The enabled rules as far as prevention goes: what the kernel would need of each, or why it can't decide it alone. */
export function preventable({ rules, windows }: MonitorRules): Preventable[] {
  const common = (rule: MonitorRules['rules'][number] | MonitorRules['windows'][number]): Omit<Preventable, 'entries'> => ({ name: rule.name, id: rule.id, priority: rule.priority, tags: rule.tags, file: rule.file, line: rule.line, condition: printCondition(rule.condition) });
  return [
    ...rules.filter((rule) => rule.enabled).map((rule): Preventable => {
      const enforcement = enforcementOf(rule);
      return { ...common(rule), entries: enforcement.kind === 'prevents' ? enforcement.entries : { reason: enforcement.reason } };
    }),
    ...windows.filter((rule) => rule.enabled).map((rule): Preventable => ({ ...common(rule), entries: { reason: 'it counts events over time, so the last of them has happened' } })),
  ];
}
