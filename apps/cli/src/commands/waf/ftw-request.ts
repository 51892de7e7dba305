import { fromUtf8 } from '@palisade/waf/bytes';
import type { Case, Input } from './ftw-case.ts';

/** A request as it lies on the wire; `protocol` is the third word of its first line, '' when it has none, `version` what follows "HTTP/" in it. */
export type Request = { method: string; uri: string; protocol: string; version: string; headers: { name: string; value: string }[]; body: string; /** Bytes that Content-Length promises and nobody sends. */ missing: number };

const form = 'application/x-www-form-urlencoded';

/** The bytes a regression test sends, as its tool builds them, read back as a web server would. Undefined when they are no request. */
export function requestOf(input: Input, tool: Case['form'] = 'go-ftw'): Request | undefined {
  if (input.encoded_request !== undefined && input.encoded_request !== '') return split(Buffer.from(input.encoded_request, 'base64').toString('latin1'));
  if (input.raw_request !== undefined && input.raw_request !== '') return split(fromUtf8(input.raw_request));
  const magic = input.stop_magic !== true && input.autocomplete_headers !== false;
  const method = input.method ?? 'GET';
  const entries = [...Object.entries(input.headers ?? {}), ...(input.ordered_headers ?? []).map(({ name, value }) => [name, value] as const)];
  const headers = entries.map(([name, value]) => ({ name: fromUtf8(name), value: value === null || value === undefined ? '' : fromUtf8(String(value as string | number)) }));
  const get = (name: string): string | undefined => headers.find((entry) => entry.name.toLowerCase() === name)?.value;
  let data = input.encoded_data === undefined ? fromUtf8(Array.isArray(input.data) ? input.data.join('\r\n') : (input.data ?? '')) : Buffer.from(input.encoded_data, 'base64').toString('latin1');
  if (magic && data !== '') {
    if (get('content-type') === undefined) headers.push({ name: 'Content-Type', value: form });
    if (get('content-type') === form) data = tool === 'ftw' ? encodeForm(data) : encodePairs(data);
  }
  // The newer tool ends the lines of multipart bodies as RFC 2046 wants them.
  if (tool === 'go-ftw' && get('content-type')?.startsWith('multipart/form-data;') === true) data = data.replace(/\r?\n/g, '\r\n');
  if (magic) {
    if (get('connection') === undefined) headers.push({ name: 'Connection', value: 'close' });
    const counted = data !== '' || (tool === 'go-ftw' && /^(?:POST|PUT|PATCH|DELETE)$/.test(method));
    if (counted && get('content-length') === undefined) headers.push({ name: 'Content-Length', value: String(data.length) });
  }
  for (const entry of headers) entry.value = entry.value.trim();
  const protocol = String(input.version ?? 'HTTP/1.1');
  return { method, uri: fromUtf8(input.uri ?? '/'), protocol, version: protocol.replace(/^HTTP\//, '') || '0.9', headers, ...received(headers, data) };
}

/** A server reads no body that is neither counted nor chunked, and not more than was counted. */
function received(headers: Request['headers'], data: string): { body: string; missing: number } {
  const length = headers.find(({ name }) => name.toLowerCase() === 'content-length')?.value;
  if (headers.some(({ name }) => name.toLowerCase() === 'transfer-encoding')) return { body: data, missing: 0 };
  if (length === undefined || !/^\d+$/.test(length)) return { body: length === undefined ? '' : data, missing: 0 };
  return { body: data.slice(0, Number(length)), missing: Math.max(0, Number(length) - data.length) };
}

const escape = (text: string): string => text.replace(/[^A-Za-z0-9_.~-]/g, (char) => (char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));

/** The newer tool escapes names and values of form data that unescaping would not change. */
function encodePairs(data: string): string {
  if (/[%+]/.test(data)) return data;
  return data.split('&').map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? escape(part) : `${escape(part.slice(0, at))}=${escape(part.slice(at + 1))}`;
  }).join('&');
}

/** The older tool does so where it finds no escape at all. */
function encodeForm(data: string): string {
  if (/[%;+]/.test(data)) return data;
  return data.split('&').filter((part) => part !== '').map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? `${escape(part)}=` : `${escape(part.slice(0, at))}=${escape(part.slice(at + 1))}`;
  }).join('&');
}

function split(raw: string): Request | undefined {
  const end = raw.search(/\r?\n\r?\n/);
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/^(?:\r?\n)+/, '').split(/\r?\n/);
  const line = /^(\S+) (.*?)(?: (HTTP\/\S+))?$/.exec(head[0] ?? '');
  if (line === null) return undefined;
  const headers = head.slice(1).filter((text) => text !== '').map((text) => ({ name: text.slice(0, text.indexOf(':')), value: text.slice(text.indexOf(':') + 1).trim() }));
  const body = end < 0 ? '' : raw.slice(end).replace(/^\r?\n\r?\n/, '');
  return { method: line[1]!, uri: line[2]!, protocol: line[3] ?? '', version: line[3]?.slice('HTTP/'.length) ?? '0.9', headers, body, missing: 0 };
}
