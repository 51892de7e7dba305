import { isIP } from 'node:net';
import { fromUtf8, toUtf8 } from '@palisade/waf/bytes';
import type { Match } from '@palisade/waf/engine/transaction';
import type { Store } from '@palisade/waf/engine/store';
import { beginTransaction } from '@palisade/waf/http-transaction';
import type { RuleSet } from '@palisade/waf/load';
import type { Answer, Input } from './ftw-case.ts';
import type { Platform } from './ftw-platform.ts';
import type { Request } from './ftw-request.ts';

/** What a test can see: ids and lines of the log, the answer, and whether there was one. */
export type Found = {
  readonly ids: readonly number[]; readonly log: string; readonly status: number;
  /** A rule would have refused the request, were the engine not set to watch only. */
  readonly refused: boolean;
  /** The client would get no answer it can read. */
  readonly broken: boolean;
  readonly headers: readonly { readonly name: string; readonly value: string }[]; readonly body: string;
};
type Given = { readonly status: number; readonly headers: { name: string; value: string }[]; readonly body: string };

const severities = ['EMERGENCY', 'ALERT', 'CRITICAL', 'ERROR', 'WARNING', 'NOTICE', 'INFO', 'DEBUG'];

/** The answer of the application behind: the suites' echo server says what /reflect was asked to say. */
function answerOf(request: Request, wanted: Answer | undefined): Given {
  const plain = { name: 'Content-Type', value: 'text/plain' };
  let asked: (Answer & { encodedBody?: string }) | undefined = wanted;
  if (asked === undefined && /^\/reflect\b/.test(request.uri)) {
    try {
      asked = JSON.parse(toUtf8(request.body)) as Answer;
    } catch {
      return { status: 400, headers: [plain], body: '' }; // the echo server refuses what it can't read
    }
  }
  if (asked === undefined || asked === null) return { status: 200, headers: [plain], body: '' };
  const own = Object.entries(asked.headers ?? {}).map(([name, value]) => ({ name, value: String(value) }));
  const encoded = asked.encoded_body ?? asked.encodedBody;
  return {
    status: asked.status ?? 200, headers: own.some(({ name }) => name.toLowerCase() === 'content-type') ? own : [...own, plain],
    body: encoded === undefined ? fromUtf8(asked.body ?? '') : Buffer.from(encoded, 'base64').toString('latin1'),
  };
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);

function logLine(match: Match, uri: string): string {
  return printable(`ModSecurity: Warning. Matched at ${match.variable}. [id "${match.rule}"] [msg "${match.msg}"] [data "${match.data}"] [severity "${severities[match.severity ?? 9] ?? ''}"] ${match.tags.map((tag) => `[tag "${tag}"]`).join(' ')} [uri "${uri}"]`);
}

/** Whether an id's rule stops requests, and whether it may be audited. */
export function ruleFacts(ruleSet: RuleSet): { stops(id: number): boolean; audited(id: number): boolean } {
  const stopping = new Set<number>();
  const unaudited = new Set<number>();
  for (const list of ruleSet.phases.values()) {
    for (const rule of list) {
      if (rule.kind !== 'rule') continue;
      if (['deny', 'drop', 'redirect'].includes(rule.disruptive)) stopping.add(rule.id);
      if (!rule.auditlog) unaudited.add(rule.id);
    }
  }
  return { stops: (id) => stopping.has(id), audited: (id) => !unaudited.has(id) };
}

export type Bench = { readonly ruleSet: RuleSet; readonly platform: Platform; readonly store: Store; readonly facts: ReturnType<typeof ruleFacts> };

/** Sends one request through server, rules and echo server. */
export function send({ ruleSet, platform, store, facts }: Bench, input: Input, request: Request | undefined): Found {
  const none: Found = { ids: [], log: '', status: 400, refused: false, broken: false, headers: [], body: '' };
  if (request === undefined) return none;
  const refusal = platform.refuses(request);
  if (refusal !== undefined && !refusal.inspected) return { ...none, status: refusal.status };
  const address = isIP(input.dest_addr ?? '') === 0 ? '127.0.0.1' : input.dest_addr!;
  const tx = beginTransaction(ruleSet, { connection: { clientAddress: '127.0.0.1', clientPort: 12_345, serverAddress: address, serverPort: Number(input.port ?? 80) }, id: '1', now: Date.now, store });
  tx.requestLine(request.method, request.uri, request.version);
  tx.requestHeaders(request.headers.filter(({ name }) => platform.passes(name)));
  tx.requestBody(request.body);
  const given: Given = refusal === undefined ? answerOf(request, input.response) : { status: refusal.status, headers: [{ name: 'Content-Type', value: 'text/html' }], body: '' };
  tx.responseHeaders(given.status, '1.1', given.headers);
  tx.responseBody(given.body);
  tx.logging();
  const logged = tx.matches.filter((match) => match.log && (platform.logsUnaudited || facts.audited(match.rule)));
  return {
    ids: logged.map((match) => match.rule), log: logged.map((match) => logLine(match, request.uri)).join('\n'), status: given.status, refused: tx.matches.some((match) => facts.stops(match.rule)),
    // A request of HTTP/0.9 is answered without a status line; a body that never comes is waited for in vain.
    broken: request.protocol === '' || request.missing > 0, headers: given.headers, body: given.body,
  };
}
