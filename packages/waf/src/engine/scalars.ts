import type { MultipartFlag } from '../body/multipart.ts';
import { multipartFlags } from '../body/multipart.ts';
import type { Transaction } from './transaction.ts';
import { filenameOf, header, queryOf, relativeUri } from './transaction.ts';

const pad = (number: number): string => String(number).padStart(2, '0');
const at = (tx: Transaction): Date => new Date(tx.started);
const flag = (set: boolean): string => (set ? '1' : '0');
const argsSize = (tx: Transaction): string => String([...tx.get, ...tx.post].reduce((sum, { name, value }) => sum + name.length + value.length, 0));
const requestHead = (tx: Transaction): string => `${tx.method} ${tx.uriRaw} ${tx.protocol}\n${tx.requestHeaders.map(({ name, value }) => `${name}: ${value}\n`).join('')}\n`;

function basicUser(tx: Transaction): string {
  const found = /^basic\s+(\S+)/i.exec(header(tx.requestHeaders, 'authorization') ?? '');
  return found === null ? '' : Buffer.from(found[1]!, 'base64').toString('latin1').split(':')[0]!;
}

function basename(tx: Transaction): string {
  const name = filenameOf(tx.uriRaw);
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
}

function strict(tx: Transaction): boolean {
  const { multipart } = tx;
  if (multipart === undefined) return false;
  const loose = new Set<MultipartFlag>(['CRLF_LF_LINES']);
  return multipart.error !== undefined || [...multipart.flags].some((name) => !loose.has(name));
}

/** Variables with one value; undefined where the request has none. */
export const scalars: Readonly<Record<string, (tx: Transaction) => string | undefined>> = {
  ARGS_COMBINED_SIZE: argsSize,
  AUTH_TYPE: (tx) => /^\S+/.exec(header(tx.requestHeaders, 'authorization') ?? '')?.[0],
  DURATION: (tx) => ((tx.options.now() - tx.started) / 1000).toFixed(3),
  FILES_COMBINED_SIZE: (tx) => String(tx.multipart?.parts.reduce((sum, part) => sum + (part.filename === undefined ? 0 : part.length), 0) ?? 0),
  FULL_REQUEST: (tx) => requestHead(tx) + tx.requestBody,
  FULL_REQUEST_LENGTH: (tx) => String(requestHead(tx).length + tx.requestBody.length),
  HIGHEST_SEVERITY: (tx) => String(tx.highestSeverity),
  INBOUND_DATA_ERROR: (tx) => flag(tx.inboundError),
  MATCHED_VAR: (tx) => tx.matchedVar.value,
  MATCHED_VAR_NAME: (tx) => tx.matchedVar.name,
  MODSEC_BUILD: () => '030000099',
  MSC_PCRE_ERROR: () => '0',
  MSC_PCRE_LIMITS_EXCEEDED: (tx) => flag(tx.pcreLimit),
  MULTIPART_STRICT_ERROR: (tx) => flag(strict(tx)),
  ...Object.fromEntries(multipartFlags.map((name) => [`MULTIPART_${name}`, (tx: Transaction) => flag(tx.multipart?.flags.has(name) ?? false)])),
  MULTIPART_UNMATCHED_BOUNDARY: (tx) => String(tx.multipart?.unmatched ?? 0),
  OUTBOUND_DATA_ERROR: (tx) => flag(tx.outboundError),
  PATH_INFO: (tx) => filenameOf(tx.uriRaw),
  QUERY_STRING: (tx) => queryOf(tx.uriRaw),
  REMOTE_ADDR: (tx) => tx.options.connection.clientAddress,
  REMOTE_HOST: (tx) => tx.options.connection.clientAddress,
  REMOTE_PORT: (tx) => String(tx.options.connection.clientPort),
  REMOTE_USER: basicUser,
  REQBODY_ERROR: (tx) => flag(tx.bodyError !== ''),
  REQBODY_ERROR_MSG: (tx) => tx.bodyError,
  REQBODY_PROCESSOR: (tx) => tx.processor,
  REQBODY_PROCESSOR_ERROR: (tx) => flag(tx.bodyError !== ''),
  REQBODY_PROCESSOR_ERROR_MSG: (tx) => tx.bodyError,
  REQUEST_BASENAME: basename,
  REQUEST_BODY: (tx) => (tx.bodyKept && (tx.forceBody || (tx.processor !== 'XML' && tx.processor !== 'MULTIPART')) ? tx.requestBody : undefined),
  REQUEST_BODY_LENGTH: (tx) => String(tx.requestBody.length),
  REQUEST_FILENAME: (tx) => filenameOf(tx.uriRaw),
  REQUEST_LINE: (tx) => `${tx.method} ${tx.uriRaw} ${tx.protocol}`,
  REQUEST_METHOD: (tx) => tx.method,
  REQUEST_PROTOCOL: (tx) => tx.protocol,
  REQUEST_URI: (tx) => relativeUri(tx.uriRaw).replace(/#.*/s, ''),
  REQUEST_URI_RAW: (tx) => tx.uriRaw,
  RESPONSE_BODY: (tx) => tx.responseBody,
  RESPONSE_CONTENT_LENGTH: (tx) => String(tx.responseBody.length),
  RESPONSE_CONTENT_TYPE: (tx) => (header(tx.responseHeaders, 'content-type') ?? '').split(';')[0],
  RESPONSE_PROTOCOL: (tx) => tx.responseProtocol,
  RESPONSE_STATUS: (tx) => tx.responseStatus,
  SERVER_ADDR: (tx) => tx.options.connection.serverAddress,
  SERVER_NAME: (tx) => (header(tx.requestHeaders, 'host') ?? '').replace(/:\d*$/, ''),
  SERVER_PORT: (tx) => String(tx.options.connection.serverPort),
  SESSIONID: (tx) => tx.persistent.get('SESSION')?.key,
  STATUS: (tx) => tx.responseStatus,
  STATUS_LINE: (tx) => `${tx.responseProtocol} ${tx.responseStatus}`,
  TIME: (tx) => `${pad(at(tx).getHours())}:${pad(at(tx).getMinutes())}:${pad(at(tx).getSeconds())}`,
  TIME_DAY: (tx) => String(at(tx).getDate()),
  TIME_EPOCH: (tx) => String(Math.floor(tx.started / 1000)),
  TIME_HOUR: (tx) => String(at(tx).getHours()),
  TIME_MIN: (tx) => String(at(tx).getMinutes()),
  TIME_MON: (tx) => String(at(tx).getMonth()),
  TIME_SEC: (tx) => String(at(tx).getSeconds()),
  TIME_WDAY: (tx) => String(at(tx).getDay()),
  TIME_YEAR: (tx) => String(at(tx).getFullYear()),
  UNIQUE_ID: (tx) => tx.options.id,
  URLENCODED_ERROR: (tx) => flag(tx.urlencodedError),
  USERID: (tx) => tx.persistent.get('USER')?.key,
  WEBAPPID: (tx) => tx.settings.webAppId,
};
