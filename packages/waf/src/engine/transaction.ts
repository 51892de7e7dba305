import type { Gap } from '@palisade/model/gap';
import { parseCookies } from '../body/cookies.ts';
import { parseJson } from '../body/json.ts';
import type { Multipart } from '../body/multipart.ts';
import { partPlaces } from '../body/multipart-places.ts';
import { parseMultipart } from '../body/multipart.ts';
import type { Parameter } from '../body/urlencoded.ts';
import { parseUrlencoded } from '../body/urlencoded.ts';
import type { Element } from '../body/xml.ts';
import { parseXml } from '../body/xml.ts';
import { lowerAscii } from '../bytes.ts';
import type { RuleSet } from '../load.ts';
import type { Rule, Settings } from '../seclang/rule.ts';
import type { Target } from '../seclang/targets.ts';
import type { Known } from '../plan/scan.ts';
import { urlDecode } from '../transformations/url-decode.ts';
import type { Budget, Spending } from './budget.ts';
import type { Store, Stored } from './store.ts';
import type { Trace } from './trace.ts';
import { step } from './trace.ts';

/** A header or any named value; names keep their case. Bytes are latin1 strings. */
export type Named = { readonly name: string; readonly value: string };
export type Connection = { readonly clientAddress: string; readonly clientPort: number; readonly serverAddress: string; readonly serverPort: number };

/** What the engine wants done. `log` says the message of the rule that decided. */
export type Intervention = { readonly rule: number; readonly action: 'deny' | 'drop' | 'redirect'; readonly status: number; readonly url?: string; readonly log: string };

/** One rule that matched one value. */
export type Match = {
  readonly rule: number;
  readonly msg: string;
  readonly data: string;
  readonly tags: readonly string[];
  readonly severity: number | undefined;
  /** `ARGS:name`; empty for SecAction. */
  readonly variable: string;
  /** The value the operator saw, after transformation. */
  readonly value: string;
  /** Where in `value` the bytes lie that the operator found; 0 and the whole value where it can't tell. */
  readonly offset: number;
  readonly bytes: string;
  readonly log: boolean;
};

export type TransactionOptions = { readonly connection: Connection; readonly id: string; /** Milliseconds since the epoch. */ readonly now: () => number; readonly store: Store; /** Evaluates every rule in turn: the reading the planned path is compared with. */ readonly plain?: boolean; /** Hears what plain evaluation does, step by step; slow. */ readonly trace?: Trace; /** Without one the rules take what they take. */ readonly budget?: Budget };

/** A TX variable; `number` is its value as a number, once it was asked for. */
export type TxValue = { readonly key: string; readonly value: string; number?: number };

/** Everything one request is while its rules run. */
export type Transaction = {
  readonly rules: RuleSet;
  readonly settings: Settings;
  readonly options: TransactionOptions;
  readonly started: number;
  readonly matches: Match[];
  readonly gaps: Gap[];
  readonly tx: Map<string, TxValue>;
  readonly env: Map<string, string>;
  readonly persistent: Map<string, { readonly key: string; /** Undefined until somebody wrote to it, as far as this transaction saw. */ values: Stored | undefined }>;
  readonly removedIds: ((rule: { readonly id: number }) => boolean)[];
  readonly removedTags: Set<string>;
  readonly removedMessages: Set<string>;
  readonly removedTargets: { readonly applies: (rule: Rule) => boolean; readonly targets: readonly Target[] }[];
  /** Values with what scans of them showed; the planned path's own. */
  planned: Known | undefined;
  intervention: Intervention | undefined;
  allowed: '' | 'all' | 'request';
  method: string;
  uriRaw: string;
  protocol: string;
  requestHeaders: Named[];
  responseHeaders: Named[];
  get: Parameter[];
  post: Parameter[];
  cookies: Parameter[];
  urlencodedError: boolean;
  requestBody: string;
  bodyKept: boolean;
  /** ctl:forceRequestBodyVariable: REQUEST_BODY holds whatever came, not forms only. */
  forceBody: boolean;
  bodyError: string;
  processor: string;
  multipart: Multipart | undefined;
  xml: Element | undefined;
  responseStatus: string;
  responseProtocol: string;
  responseBody: string;
  inboundError: boolean;
  outboundError: boolean;
  /** A TX variable was set whose name is not spelled out in a rule. */
  madeNames: boolean;
  /** A pattern was not searched for in all of a value. */
  pcreLimit: boolean;
  highestSeverity: number;
  readonly budget: Spending | undefined;
  /** Of the last address that @geoLookup knew. */
  geo: readonly Named[];
  matchedVar: { name: string; value: string };
  matchedVars: { name: string; value: string }[];
};

export function newTransaction(rules: RuleSet, options: TransactionOptions): Transaction {
  return {
    rules, settings: { ...rules.settings }, options, started: options.now(), matches: [], gaps: [], tx: new Map(), env: new Map(), persistent: new Map(), removedIds: [], removedTags: new Set(), removedMessages: new Set(),
    removedTargets: [], planned: undefined, intervention: undefined, allowed: '', method: '', uriRaw: '', protocol: '', requestHeaders: [], responseHeaders: [], get: [], post: [],
    cookies: [], urlencodedError: false, requestBody: '', bodyKept: false, forceBody: false, bodyError: '', processor: '', multipart: undefined, xml: undefined, responseStatus: '', responseProtocol: '',
    responseBody: '', inboundError: false, outboundError: false, madeNames: false, pcreLimit: false, highestSeverity: 255, budget: options.budget === undefined ? undefined : { ...options.budget, left: options.budget.milliseconds, until: 0 }, geo: [], matchedVar: { name: '', value: '' }, matchedVars: [],
  };
}

export const header = (headers: readonly Named[], name: string): string | undefined => headers.find((entry) => lowerAscii(entry.name) === name)?.value;

/** The parameters that rules will see. An attacker may fill the limit with noise, so what is left out is a gap. */
function limited(tx: Transaction, subject: string, parameters: Parameter[]): Parameter[] {
  const limit = tx.settings.argumentsLimit;
  if (parameters.length <= limit) return parameters;
  tx.gaps.push({ kind: 'limit-arguments', subject, count: parameters.length - limit, reason: `more arguments than SecArgumentsLimit ${limit}` });
  return parameters.slice(0, limit);
}

/** The request line. `version` without "HTTP/". */
export function setRequestLine(tx: Transaction, method: string, uri: string, version: string): void {
  tx.method = method;
  tx.uriRaw = uri;
  tx.protocol = `HTTP/${version}`;
  const query = queryOf(uri);
  const parsed = parseUrlencoded(query, tx.settings.argumentSeparator);
  tx.urlencodedError ||= parsed.invalid;
  tx.get = limited(tx, 'ARGS_GET', parsed.parameters);
}

export function queryOf(uri: string): string {
  const fragment = uri.indexOf('#');
  const clean = fragment < 0 ? uri : uri.slice(0, fragment);
  const mark = clean.indexOf('?');
  return mark < 0 ? '' : clean.slice(mark + 1);
}

/** The URI without scheme and host, as REQUEST_URI wants it. */
export function relativeUri(uri: string): string {
  const absolute = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/?#]*/.exec(uri);
  return absolute === null ? uri : uri.slice(absolute[0].length);
}

export function filenameOf(uri: string): string {
  const path = relativeUri(uri);
  const end = path.search(/[?#]/);
  return urlDecode((end < 0 ? path : path.slice(0, end)).replaceAll('+', '%2B'));
}

export function setRequestHeaders(tx: Transaction, headers: readonly Named[]): void {
  tx.requestHeaders = [...headers];
  for (const { name, value } of headers) if (lowerAscii(name) === 'cookie') tx.cookies.push(...parseCookies(value));
  const type = lowerAscii(header(headers, 'content-type') ?? '');
  if (type.startsWith('multipart/form-data')) tx.processor = 'MULTIPART';
  else if (type.startsWith('application/x-www-form-urlencoded')) tx.processor = 'URLENCODED';
}

/** Runs the body processor over the body that the transport collected; a body it could not read whole is a gap. */
export function setRequestBody(tx: Transaction, body: string): void {
  processBody(tx, body);
  if (tx.options.trace !== undefined) bodySteps(tx);
  if (tx.bodyError !== '') tx.gaps.push({ kind: 'body-unparsed', subject: 'REQUEST_BODY', count: 1, reason: tx.bodyError });
}

function bodySteps(tx: Transaction): void {
  for (const { name, value } of tx.post) step(tx, `Adding request argument (BODY): name "${name}", value "${value}"; name: ${name}, variable: ${value}`);
  if (tx.multipart !== undefined) step(tx, `Multipart: Boundary: ${tx.multipart.boundary}`);
  const early = tx.bodyError.includes('in C-T');
  if (early) step(tx, tx.bodyError);
  const parts = tx.multipart?.parts ?? [];
  const places = partPlaces(parts, tx.requestBody, 0);
  for (const [at, { name, filename, length }] of parts.entries()) if (filename !== undefined) step(tx, `Added file part to the list: name "${name}" file name "${filename}" (offset ${places[at]!.value[0]!.offset}, length ${length})`);
  for (const warning of tx.multipart?.warnings ?? []) step(tx, `Multipart: Warning: ${warning}`);
  if (tx.bodyError !== '' && !early) step(tx, tx.bodyError);
}

function processBody(tx: Transaction, body: string): void {
  const { settings } = tx;
  if (!settings.requestBodyAccess) {
    step(tx, `Request body processing is ${tx.rules.settings.requestBodyAccess ? 'enabled, but disabled to this transaction due to ctl:requestBodyAccess action' : 'disabled'}`);
    return;
  }
  let text = body;
  if (text.length > settings.requestBodyLimit) {
    tx.inboundError = true;
    text = text.slice(0, settings.requestBodyLimit);
    tx.gaps.push({ kind: 'limit-body', subject: 'REQUEST_BODY', count: 1, reason: `the body is longer than ${settings.requestBodyLimit} bytes` });
    if (settings.requestBodyLimitAction === 'Reject' && settings.ruleEngine === 'On') {
      tx.intervention = { rule: 0, action: 'deny', status: 403, log: 'Request body limit is marked to reject the request' };
      return;
    }
  }
  tx.requestBody = text;
  tx.bodyKept = true;
  if (text === '' && tx.processor !== 'MULTIPART') return;
  const tooLong = (length: number): boolean => {
    if (length <= settings.requestBodyNoFilesLimit) return false;
    tx.bodyError = 'Request body excluding files is bigger than the maximum expected.';
    return true;
  };
  if (tx.processor === 'MULTIPART') {
    if (text === '') return;
    const parsed = parseMultipart(header(tx.requestHeaders, 'content-type') ?? '', text, settings.uploadFileLimit);
    tx.multipart = parsed;
    tx.post = parsed.parts.filter((part) => part.filename === undefined).map(({ name, value }) => ({ name, value }));
    tx.bodyError = parsed.error === undefined ? '' : `Multipart parsing error: ${parsed.error}`;
    tooLong(text.length - parsed.parts.reduce((sum, part) => sum + (part.filename === undefined ? 0 : part.length), 0));
  } else if (tooLong(text.length)) return;
  else if (tx.processor === 'URLENCODED') {
    const parsed = parseUrlencoded(text, settings.argumentSeparator);
    tx.urlencodedError ||= parsed.invalid;
    tx.post = limited(tx, 'ARGS_POST', parsed.parameters);
  } else if (tx.processor === 'JSON') {
    const parsed = parseJson(text, { depth: settings.jsonDepthLimit, leaves: settings.argumentsLimit });
    tx.post = parsed.parameters;
    tx.bodyError = parsed.error ?? '';
  } else if (tx.processor === 'XML') {
    const parsed = parseXml(text);
    if ('root' in parsed) tx.xml = parsed.root;
    else tx.bodyError = `XML parsing error: ${parsed.error}`;
  } else if (tx.processor !== '') tx.bodyError = `Unknown request body processor ${tx.processor}`;
}
