import type { Gap } from '@palisade/model/gap';
import { auditRecord } from './engine/audit-record.ts';
import { runPhase } from './plan/run.ts';
import type { Intervention, Match, Named, Transaction, TransactionOptions } from './engine/transaction.ts';
import { header, newTransaction, setRequestBody, setRequestHeaders, setRequestLine } from './engine/transaction.ts';
import { step } from './engine/trace.ts';
import type { RuleSet } from './load.ts';

/** One request on its way through the engine. Call in order; stop forwarding at the first intervention. */
export type HttpTransaction = {
  /** Method, target as sent, version without "HTTP/". Bytes are latin1 strings throughout. */
  requestLine(method: string, uri: string, version: string): void;
  /** Phase 1. */
  requestHeaders(headers: readonly Named[]): Intervention | undefined;
  /** Phase 2; call it with '' when there is no body. */
  requestBody(body: string): Intervention | undefined;
  /** Phase 3. */
  responseHeaders(status: number, version: string, headers: readonly Named[]): Intervention | undefined;
  /** Phase 4; only needed where `wantsResponseBody()`. */
  responseBody(body: string): Intervention | undefined;
  /** Phase 5; always, once. */
  logging(): void;
  wantsRequestBody(): boolean;
  wantsResponseBody(): boolean;
  readonly matches: readonly Match[];
  readonly gaps: readonly Gap[];
  /** A TX variable, such as the anomaly score a rule set keeps there. */
  variable(name: string): string | undefined;
};

/** Starts a transaction over a loaded rule set; nothing outlives it but what rules put into the store. */
export function beginTransaction(ruleSet: RuleSet, options: TransactionOptions): HttpTransaction {
  const tx: Transaction = newTransaction(ruleSet, options);
  const phase = (number: 1 | 2 | 3 | 4): Intervention | undefined => {
    runPhase(tx, number);
    return tx.intervention;
  };
  const mime = (): string => (header(tx.responseHeaders, 'content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  const inspected = (): boolean => tx.settings.responseBodyAccess && tx.settings.responseMimeTypes.has(mime());
  return {
    requestLine: (method, uri, version) => setRequestLine(tx, method, uri, version),
    requestHeaders(headers) {
      setRequestHeaders(tx, headers);
      return phase(1);
    },
    requestBody(body) {
      if (tx.intervention !== undefined) return tx.intervention;
      setRequestBody(tx, body);
      return phase(2);
    },
    responseHeaders(status, version, headers) {
      tx.responseStatus = String(status);
      tx.responseProtocol = `HTTP/${version}`;
      tx.responseHeaders = [...headers];
      return phase(3);
    },
    responseBody(body) {
      if (tx.intervention !== undefined) return tx.intervention;
      const { ruleEngine, responseBodyLimit, responseBodyLimitAction, responseMimeTypes } = tx.settings;
      if (ruleEngine === 'On' && responseBodyLimitAction === 'Reject' && body.length > responseBodyLimit && responseMimeTypes.has(mime())) {
        tx.outboundError = true;
        tx.intervention = { rule: 0, action: 'deny', status: 403, log: 'Response body limit is marked to reject the response' };
        return tx.intervention;
      }
      if (!responseMimeTypes.has(mime())) step(tx, `Response Content-Type is ${mime()}. It is not marked to be inspected.`);
      if (inspected()) {
        const limit = tx.settings.responseBodyLimit;
        if (body.length > limit) {
          tx.outboundError = true;
          tx.gaps.push({ kind: 'limit-response-body', subject: 'RESPONSE_BODY', count: 1, reason: `the answer is longer than ${limit} bytes` });
        }
        tx.responseBody = body.slice(0, limit);
      }
      return phase(4);
    },
    logging() {
      runPhase(tx, 5);
      const record = options.trace === undefined ? undefined : auditRecord(tx);
      if (record !== undefined) options.trace!(record, 'audit');
    },
    wantsRequestBody: () => tx.settings.requestBodyAccess,
    wantsResponseBody: inspected,
    matches: tx.matches,
    gaps: tx.gaps,
    variable: (name) => tx.tx.get(name.toLowerCase())?.value,
  };
}
