import { memoryStore } from '@palisade/waf/engine/store';
import type { Intervention, Match, Named } from '@palisade/waf/engine/transaction';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { Gap } from '@palisade/model/gap';
import type { SiteRules } from '../inspection/site.ts';

/** A request to be judged again; latin1. */
export type JudgedRequest = { readonly client: string; readonly method: string; readonly target: string; readonly version: string; readonly headers: readonly Named[]; readonly body: string; /** Milliseconds since the epoch. */ readonly time: number };

/** What rules say of a request: all that match, whether one of them stops it, and what they count. */
export type Judgement = { readonly matches: readonly Match[]; readonly gaps: readonly Gap[]; readonly stopped: Intervention | undefined; readonly score: number | undefined };

/** Runs the rules of the request's phases (1, 2 and 5) twice: watching, for all that matches, and with the right to stop. */
export function judge(rules: SiteRules, request: JudgedRequest): Judgement {
  const run = (ruleSet: SiteRules['block']) => {
    const tx = beginTransaction(ruleSet, { connection: { clientAddress: request.client, clientPort: 1, serverAddress: '127.0.0.1', serverPort: 80 }, id: 'replay', now: () => request.time, store: memoryStore() });
    tx.requestLine(request.method, request.target, request.version);
    const stopped = tx.requestHeaders(request.headers) ?? tx.requestBody(request.body);
    tx.logging();
    return { tx, stopped };
  };
  const { tx } = run(rules.detect);
  const { stopped } = run(rules.block);
  const score = tx.variable('blocking_inbound_anomaly_score') ?? tx.variable('anomaly_score');
  return { matches: tx.matches.filter(({ log }) => log), gaps: tx.gaps, stopped, score: score === undefined ? undefined : Number(score) };
}

const categories = /^attack-(.+)$/;

/** Points by category of attack, from the tags of what matched. */
export function pointsByCategory(matches: readonly Match[]): ReadonlyMap<string, number> {
  const weights = [5, 5, 5, 4, 3, 2];
  const points = new Map<string, number>();
  for (const { severity, tags } of matches) {
    const weight = severity === undefined ? 0 : (weights[severity] ?? 0);
    if (weight === 0) continue;
    const category = tags.map((tag) => categories.exec(tag)?.[1]).find((name) => name !== undefined && name !== 'generic' && name !== 'disclosure') ?? tags.map((tag) => categories.exec(tag)?.[1]).find((name) => name !== undefined) ?? 'other';
    points.set(category, (points.get(category) ?? 0) + weight);
  }
  return points;
}
