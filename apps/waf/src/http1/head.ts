import type { Named } from '@palisade/waf/engine/transaction';
import { limits } from '../limits.ts';

/** How a message's body is delimited. `close`: until the connection ends (answers only). */
export type Framing = { readonly kind: 'none' } | { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' } | { readonly kind: 'close' };

export type RequestHead = {
  readonly method: string;
  readonly target: string;
  readonly minor: 0 | 1;
  readonly headers: readonly Named[];
  readonly framing: Framing;
  readonly keepAlive: boolean;
  readonly host: string;
  readonly expectsContinue: boolean;
  /** The protocol of a well-formed upgrade request, lower case. */
  readonly upgrade: string | undefined;
  /** Values of Connection, lower case: what concerns this hop only. */
  readonly connection: readonly string[];
  /** The head as sent, up to and with the last field's line end, without the empty line. */
  readonly text: string;
};

/** Why a message is not forwarded. Each is a way to make two servers read different requests out of the same bytes. */
export type Refusal = { readonly status: number; readonly code: string; readonly reason: string };

export class HeadError extends Error {
  readonly refusal: Refusal;
  constructor(status: number, code: string, reason: string) {
    super(reason);
    this.refusal = { status, code, reason };
  }
}

const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const field = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?)[ \t]*$/;

type Fields = { readonly headers: Named[]; readonly lengths: string[]; readonly codings: string[]; readonly hosts: string[]; readonly connection: string[]; expect: string; upgrade: string };

// Field by field with the strictest grammar of RFC 9112: what a lenient server may read otherwise is refused (bare CR
// or LF, blanks before the colon, folded lines, control characters), so the upstream can only read what we read.
function readFields(lines: readonly string[]): Fields {
  const found: Fields = { headers: [], lengths: [], codings: [], hosts: [], connection: [], expect: '', upgrade: '' };
  if (lines.length > limits.headerFields) throw new HeadError(431, 'header-fields', `more than ${limits.headerFields} header fields`);
  for (const line of lines) {
    const parts = field.exec(line);
    if (parts === null) {
      if (/^[ \t]/.test(line)) throw new HeadError(400, 'obs-fold', 'a header field is folded over lines');
      if (/^[^:]*[ \t]+:/.test(line)) throw new HeadError(400, 'blank-before-colon', 'blanks before the colon of a header field');
      throw new HeadError(400, 'header-syntax', 'a header field is malformed');
    }
    const name = parts[1]!;
    const value = parts[2]!;
    found.headers.push({ name, value });
    switch (name.length) {
      case 4:
        if (/^host$/i.test(name)) found.hosts.push(value);
        break;
      case 6:
        if (/^expect$/i.test(name)) found.expect = value.toLowerCase();
        break;
      case 7:
        if (/^upgrade$/i.test(name)) found.upgrade = value.toLowerCase();
        break;
      case 10:
        if (/^connection$/i.test(name)) for (const word of value.toLowerCase().split(',')) found.connection.push(word.trim());
        break;
      case 14:
        if (/^content-length$/i.test(name)) found.lengths.push(value);
        break;
      case 17:
        if (/^transfer-encoding$/i.test(name)) found.codings.push(value.toLowerCase());
        break;
      default:
    }
  }
  return found;
}

function framingOf({ lengths, codings }: Fields, minor: 0 | 1): Framing | undefined {
  if (codings.length > 0) {
    if (lengths.length > 0) throw new HeadError(400, 'length-and-chunked', 'Content-Length and Transfer-Encoding contradict each other');
    if (minor === 0) throw new HeadError(400, 'chunked-in-1.0', 'Transfer-Encoding in HTTP/1.0');
    if (codings.length > 1 || codings[0] !== 'chunked') throw new HeadError(501, 'transfer-coding', 'a transfer coding other than chunked');
    return { kind: 'chunked' };
  }
  if (lengths.length === 0) return undefined;
  if (lengths.length > 1) throw new HeadError(400, 'two-lengths', 'Content-Length is given twice');
  if (!/^\d{1,15}$/.test(lengths[0]!)) throw new HeadError(400, 'length-syntax', 'Content-Length is no number');
  const bytes = Number(lengths[0]);
  return bytes === 0 ? { kind: 'none' } : { kind: 'length', bytes };
}

function linesOf(text: string): string[] {
  const lines = text.split('\r\n');
  for (const line of lines) if (line.includes('\n') || line.includes('\r')) throw new HeadError(400, 'bare-line-end', 'a bare CR or LF in the head');
  return lines;
}

/** Reads a request's head (without its final empty line; latin1). Throws HeadError for what must not be forwarded. */
export function readRequestHead(text: string): RequestHead {
  const lines = linesOf(text);
  const first = requestLine.exec(lines[0]!);
  if (first === null) {
    if (/ HTTP\/[02-9]/.test(lines[0]!)) throw new HeadError(505, 'version', 'not HTTP/1.0 or HTTP/1.1');
    throw new HeadError(400, 'request-line', 'the request line is malformed');
  }
  const method = first[1]!;
  const minor = first[3] === '1' ? 1 : 0;
  if (method === 'CONNECT') throw new HeadError(405, 'connect', 'CONNECT is not for a server');
  lines.shift();
  const fields = readFields(lines);
  const framing = framingOf(fields, minor) ?? { kind: 'none' };
  if (fields.hosts.length > 1) throw new HeadError(400, 'two-hosts', 'Host is given twice');
  if (minor === 1 && fields.hosts.length === 0) throw new HeadError(400, 'no-host', 'HTTP/1.1 without Host');
  const { connection } = fields;
  // Fields that Connection names are taken out on the way (RFC 9110 7.6.1): without these the body would be the next request.
  if (connection.some((word) => word === 'content-length' || word === 'transfer-encoding' || word === 'host')) throw new HeadError(400, 'connection-names-framing', 'Connection names Host, Content-Length or Transfer-Encoding');
  return {
    method, target: first[2]!, minor, headers: fields.headers, framing, host: fields.hosts[0] ?? '', connection,
    keepAlive: minor === 1 ? !connection.includes('close') : connection.includes('keep-alive'),
    expectsContinue: minor === 1 && fields.expect === '100-continue',
    upgrade: minor === 1 && connection.includes('upgrade') && fields.upgrade !== '' ? fields.upgrade : undefined,
    text,
  };
}

export type ResponseHead = { readonly status: number; readonly minor: 0 | 1; readonly headers: readonly Named[]; readonly framing: Framing; readonly keepAlive: boolean; readonly text: string };

/** Reads an answer's head; `method` is the request's: an answer to HEAD has no body whatever it says. Throws HeadError. */
export function readResponseHead(text: string, method: string): ResponseHead {
  const lines = linesOf(text);
  const first = statusLine.exec(lines[0]!);
  if (first === null) throw new HeadError(502, 'status-line', 'the status line of the answer is malformed');
  const minor = first[1] === '1' ? 1 : 0;
  const status = Number(first[2]);
  lines.shift();
  const fields = readFields(lines);
  const bodiless = method === 'HEAD' || status < 200 || status === 204 || status === 304;
  const framing: Framing = bodiless ? { kind: 'none' } : (framingOf(fields, minor) ?? { kind: 'close' });
  const { connection } = fields;
  const keepAlive = framing.kind !== 'close' && (minor === 1 ? !connection.includes('close') : connection.includes('keep-alive'));
  return { status, minor, headers: fields.headers, framing, keepAlive, text };
}

/** Where the head ends: the offset of the empty line's CRLF CRLF, -1 when it is not there yet. */
export function endOfHead(buffer: Buffer, from: number): number {
  return buffer.indexOf('\r\n\r\n', Math.max(0, from - 3), 'latin1');
}
