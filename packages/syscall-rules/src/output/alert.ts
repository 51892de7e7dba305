import type { Event, EventSource } from '../event.ts';
import { alertTime, clockText, wallClock } from '../fields/clock.ts';
import type { Rule } from '../rule.ts';

/** Falco's alert: the object falcosidekick and log parsers know. `evt.time` in output_fields is ns since 1970. */
export type Alert = {
  readonly hostname: string;
  readonly output: string;
  readonly output_fields: Readonly<Record<string, unknown>>;
  readonly priority: string;
  readonly rule: string;
  readonly source: 'syscall';
  readonly tags: readonly string[];
  readonly time: string;
};

/** What an alert needs of a rule, windowed or not. */
type Alerting = Pick<Rule, 'name' | 'priority' | 'tags' | 'output'>;

/** Falco's line of text: "10:20:30.123456789: Warning …". */
export function alertText(rule: Alerting, event: Event, source: EventSource): string {
  return `${clockText(wallClock(event.time, source.origin), true)}: ${rule.priority} ${rule.output.text(event)}`;
}

export function alertOf(rule: Alerting, event: Event, source: EventSource): Alert {
  const ns = wallClock(event.time, source.origin);
  return {
    hostname: source.hostname,
    output: `${clockText(ns, true)}: ${rule.priority} ${rule.output.text(event)}`,
    output_fields: { 'evt.time': ns, ...rule.output.fields(event) },
    priority: rule.priority,
    rule: rule.name,
    source: 'syscall',
    tags: [...rule.tags].sort(),
    time: alertTime(ns),
  };
}

/** One line of JSON. The time is a whole number of ns, beyond what a double holds: it is written digit by digit. */
export function alertJson(alert: Alert): string {
  return JSON.stringify(alert, (_key, value: unknown) => (typeof value === 'bigint' ? `\u0000${value}\u0000` : value)).replaceAll(/"\\u0000(\d+)\\u0000"/g, '$1');
}
