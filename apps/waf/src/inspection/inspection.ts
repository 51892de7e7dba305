import { messageOf } from '@palisade/model/error';
import type { Gap } from '@palisade/model/gap';
import { toUtf8 } from '@palisade/waf/bytes';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { HttpTransaction } from '@palisade/waf/http-transaction';
import type { Connection, Intervention } from '@palisade/waf/engine/transaction';
import { limits } from '../limits.ts';
import type { RequestHead, ResponseHead } from '../http1/head.ts';
import type { WafEvent } from './event.ts';
import { eventMatches, pointsOf } from './event.ts';
import { maskFor } from './mask.ts';
import type { Site } from './site.ts';

/** The rules' view of one request: each step answers an intervention only where the mode may stop the request. */
export type Inspection = {
  readonly id: string;
  readonly mode: WafEvent['mode'];
  readonly requestBodyLimit: number;
  readonly responseBodyLimit: number;
  readonly rejectsLongBody: boolean;
  requestHead(): Intervention | undefined;
  requestBody(body: string): Intervention | undefined;
  responseHead(head: ResponseHead): Intervention | undefined;
  responseBody(body: string): Intervention | undefined;
  wantsRequestBody(): boolean;
  wantsResponseBody(): boolean;
  gap(kind: string, subject: string, reason: string): void;
  /** Always, once: phase 5, figures, and the event when there is something to tell. */
  finish(status: number, stopped: boolean): void;
};

let serial = 0;
const origin = `${process.pid.toString(36)}${Date.now().toString(36)}`;

/** A reference no other request of this machine has. */
export function freshId(): string {
  serial += 1;
  return `${origin}-${serial.toString(36)}`;
}

export function pathOf(target: string): string {
  const end = target.search(/[?#]/);
  return (end < 0 ? target : target.slice(0, end)).replace(/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]*/, '') || '/';
}

export function inspect(site: Site, head: RequestHead, connection: Connection): Inspection {
  const id = freshId();
  const path = pathOf(head.target);
  const mode = site.modeOf(head.method, path);
  const rules = mode === 'block' ? site.rules.block : site.rules.detect;
  const tx: HttpTransaction | undefined = mode === 'off' ? undefined : beginTransaction(rules, { connection, id, now: Date.now, store: site.store, budget: { milliseconds: limits.ruleMilliseconds, clock: () => performance.now() } });
  const rejects = mode === 'block' && rules.settings.requestBodyLimitAction === 'Reject';
  const gaps: Gap[] = [];
  let took = 0;
  let seenBody = '';
  const outsideApi: WafEvent['matches'] = [];
  /** Looks whether the request is one that the application's description knows. */
  const outside = (body: string): Intervention | undefined => {
    if (site.api === undefined) return undefined;
    const violations = site.api.schema.check({ method: head.method, target: head.target, headers: head.headers, body });
    for (const { rule, msg, variable, bytes } of violations) outsideApi.push({ rule, msg: toUtf8(msg), tags: ['palisade-api'], severity: 'warning', variable: toUtf8(variable), offset: 0, bytes: toUtf8(maskFor(variable)(bytes)) });
    const [first] = violations;
    return first !== undefined && site.api.stop ? { rule: first.rule, action: 'deny', status: 400, log: first.msg } : undefined;
  };
  const timed = <Answer>(step: () => Answer): Answer => {
    const from = performance.now();
    try {
      return step();
    } finally {
      took += performance.now() - from;
    }
  };
  // An engine that fails has not inspected: told, and where attacks are to be stopped, stopped.
  const decided = (step: () => Intervention | undefined): Intervention | undefined => {
    let found: Intervention | undefined;
    try {
      found = timed(step);
    } catch (error) {
      gaps.push({ kind: 'engine-error', subject: 'REQUEST', reason: messageOf(error).slice(0, 300), count: 1 });
      found = { rule: 0, action: 'deny', status: 500, log: 'the rules could not be evaluated' };
    }
    if (mode !== 'block') return undefined;
    // An attack may stand behind the last argument that rules look at.
    if (found === undefined && rejects && tx?.gaps.some(({ kind }) => kind === 'limit-arguments') === true) return { rule: 0, action: 'deny', status: 400, log: 'more arguments than are inspected' };
    return found;
  };
  return {
    id,
    mode,
    requestBodyLimit: rules.settings.requestBodyLimit,
    responseBodyLimit: rules.settings.responseBodyLimit,
    rejectsLongBody: rejects,
    requestHead: () =>
      tx === undefined
        ? undefined
        : decided(() => {
            tx.requestLine(head.method, head.target, head.minor === 1 ? '1.1' : '1.0');
            return tx.requestHeaders(head.headers);
          }),
    requestBody(body) {
      if (tx === undefined) return undefined;
      if (site.recorder !== undefined) seenBody = body;
      return decided(() => outside(body) ?? tx.requestBody(body));
    },
    responseHead: (answer) => (tx === undefined ? undefined : decided(() => tx.responseHeaders(answer.status, answer.minor === 1 ? '1.1' : '1.0', answer.headers))),
    responseBody: (body) => (tx === undefined ? undefined : decided(() => tx.responseBody(body))),
    wantsRequestBody: () => tx?.wantsRequestBody() ?? false,
    wantsResponseBody: () => tx?.wantsResponseBody() ?? false,
    gap: (kind, subject, reason) => void gaps.push({ kind, subject, reason, count: 1 }),
    finish(status, stopped) {
      site.stats.requests += 1;
      if (tx === undefined) return;
      try {
        timed(() => tx.logging());
      } catch (error) {
        gaps.push({ kind: 'engine-error', subject: 'LOGGING', reason: messageOf(error).slice(0, 300), count: 1 });
      }
      site.stats.engineMicroseconds += took * 1000;
      site.recorder?.take({ id, site: site.name, client: connection.clientAddress, method: head.method, target: head.target, minor: head.minor, headers: head.headers, body: seenBody, status });
      const matches = [...eventMatches(tx.matches), ...outsideApi];
      if (matches.length === 0 && tx.gaps.length === 0 && gaps.length === 0 && !stopped) return;
      if (stopped) site.stats.blocked += 1;
      else if (matches.length > 0) site.stats.logged += 1;
      const bySeverity = pointsOf(matches);
      const score = tx.variable('blocking_inbound_anomaly_score') ?? tx.variable('anomaly_score');
      const action = stopped ? 'blocked' : matches.length > 0 ? 'logged' : 'passed';
      site.event({
        time: new Date().toISOString(), id, site: site.name, client: connection.clientAddress, method: head.method, host: head.host, path, mode, action, status,
        scores: { total: score === undefined ? Object.values(bySeverity).reduce((sum, points) => sum + points, 0) : Number(score), bySeverity }, matches, gaps: [...tx.gaps, ...gaps], took_us: Math.round(took * 1000),
      });
    },
  };
}
