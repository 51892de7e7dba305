import type { Gap } from '@palisade/model/gap';
import { toUtf8 } from '@palisade/waf/bytes';
import type { Match } from '@palisade/waf/engine/transaction';
import { maskFor } from './mask.ts';

export type Mode = 'off' | 'detect' | 'block';

/** One request that a rule had something to say about. The form of CONTRACTS: one JSON object a line. */
export type WafEvent = {
  readonly time: string;
  /** Also on the block page: the reference a person is given. */
  readonly id: string;
  readonly site: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  /** Without the query: what rules found in it stands in `matches`. */
  readonly path: string;
  readonly mode: Mode;
  readonly action: 'passed' | 'logged' | 'blocked';
  readonly status: number;
  readonly scores: { readonly total: number; readonly bySeverity: Readonly<Record<string, number>> };
  readonly matches: readonly { readonly rule: number; readonly msg: string; readonly tags: readonly string[]; readonly severity: string; readonly variable: string; readonly offset: number; readonly bytes: string }[];
  readonly gaps: readonly Gap[];
  /** Microseconds that the rules needed: the latency added. */
  readonly took_us: number;
};

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
    .map((match) => ({ rule: match.rule, msg: toUtf8(match.msg), tags: match.tags, severity: severityName(match.severity), variable: toUtf8(match.variable), offset: match.offset, bytes: toUtf8(maskFor(match.variable)(match.bytes.slice(0, shownBytes))) }));
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
