import type { WafEvent } from '@palisade/model/waf-event';
import { toUtf8 } from '@palisade/waf/bytes';
import type { Match } from '@palisade/waf/engine/transaction';
import { maskFor } from './mask.ts';

export type { WafEvent };
export type Mode = WafEvent['mode'];

const severityNames = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'] as const;
/** The Core Rule Set's weights. */
const weights: Readonly<Record<string, number>> = { emergency: 5, alert: 5, critical: 5, error: 4, warning: 3, notice: 2 };
/** The start of a long value is enough to see what it is. */
const shownBytes = 512;

export function severityName(severity: number | undefined): string {
  return severity === undefined ? '' : (severityNames[severity] ?? '');
}

export function eventMatches(matches: readonly Match[]): WafEvent['matches'] {
  return matches
    .filter((match) => match.log)
    .map((match) => ({ rule: match.rule, msg: toUtf8(match.msg), tags: [...match.tags], severity: severityName(match.severity), variable: toUtf8(match.variable), offset: match.offset, bytes: toUtf8(maskFor(match.variable)(match.bytes.slice(0, shownBytes))) }));
}

/** Points by severity, as the Core Rule Set adds them up. */
export function pointsOf(matches: WafEvent['matches']): Readonly<Record<string, number>> {
  const points: Record<string, number> = {};
  for (const { severity } of matches) {
    const weight = weights[severity];
    if (weight !== undefined) points[severity] = (points[severity] ?? 0) + weight;
  }
  return points;
}

/** Cut to what an event may hold (packages/model): a long path must not cost the event. */
export function boundedEvent(event: WafEvent): WafEvent {
  const { path, host, method, matches, gaps } = event;
  return {
    ...event, path: path.slice(0, 8192), host: host.slice(0, 1000), method: method.slice(0, 100), gaps: gaps.slice(0, 100),
    matches: matches.slice(0, 1000).map((match) => ({ ...match, msg: match.msg.slice(0, 2000), variable: match.variable.slice(0, 1000), tags: match.tags.slice(0, 100).map((tag) => tag.slice(0, 200)) })),
  };
}
