import { recordedTypes } from '@palisade/behaviour/recorded-types';
import type { Problem } from '@palisade/syscall-rules/documents/problem';
import { eventTypes } from '@palisade/syscall-rules/event-types/table';
import type { Loaded } from './load.ts';

/** Rules that wait for events the sensor never records: they load and replay, but stay silent on a live node. */
export function unrecordedProblems({ ruleset, windows }: Loaded): readonly Problem[] {
  return [...ruleset.rules, ...windows].flatMap((rule): Problem[] => {
    if (rule.eventTypes.length > 40) return [];
    const missing = rule.eventTypes.map((id) => eventTypes[id]?.name ?? '').filter((name) => !recordedTypes.has(name));
    if (missing.length === 0) return [];
    const all = missing.length === rule.eventTypes.length;
    return [{ severity: 'warning', code: 'unrecorded', file: rule.file, line: rule.line, item: `rule "${rule.name}"`, message: `the sensor does not record ${missing.join(', ')}: ${all ? 'the rule is silent on live events' : 'that part of the rule is silent on live events'}` }];
  });
}
