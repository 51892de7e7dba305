import { recordedArguments, recordedTypes } from '@palisade/behaviour/recorded-types';
import type { Problem } from '@palisade/syscall-rules/documents/problem';
import { eventTypes } from '@palisade/syscall-rules/event-types/table';
import type { Loaded } from './load.ts';

/** Rules that wait for events the sensor never records: they load and replay, but stay silent on a live node. */
export function unrecordedProblems({ ruleset, windows }: Loaded): readonly Problem[] {
  return [...ruleset.rules, ...windows].flatMap((rule): Problem[] => {
    if (rule.eventTypes.length > 40) return [];
    const missing = rule.eventTypes.map((id) => eventTypes[id]?.name ?? '').filter((name) => !recordedTypes.has(name));
    const silent = silentArguments(rule);
    const unfilled = silent.map((name): Problem => ({ severity: 'warning', code: 'unfilled', file: rule.file, line: rule.line, item: `rule "${rule.name}"`, message: `field "evt.arg.${name}" is empty in live events of this rule: the sensor does not record it` }));
    if (missing.length === 0) return unfilled;
    const all = missing.length === rule.eventTypes.length;
    return [...unfilled, { severity: 'warning', code: 'unrecorded', file: rule.file, line: rule.line, item: `rule "${rule.name}"`, message: `the sensor does not record ${missing.join(', ')}: ${all ? 'the rule is silent on live events' : 'that part of the rule is silent on live events'}` }];
  });
}

/** Arguments that a condition asks for and that no recorded event of its types has. */
function silentArguments(rule: Loaded['ruleset']['rules'][number] | Loaded['windows'][number]): readonly string[] {
  if (!('fields' in rule)) return [];
  const names = rule.fields.flatMap((field) => /^evt\.(?:raw)?arg\.(\w+)$/.exec(field)?.[1] ?? /^evt\.(?:raw)?arg\[(\w+)\]$/.exec(field)?.[1] ?? []);
  const types = rule.eventTypes.flatMap((id) => eventTypes[id] ?? []);
  return [...new Set(names)].filter((name) => {
    const having = types.filter((type) => recordedTypes.has(type.name) && type.parameters.some((parameter) => parameter.name === name));
    return having.length > 0 && having.every((type) => !recordedArguments(type.name).has(name));
  });
}
