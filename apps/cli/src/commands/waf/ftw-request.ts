import { fromUtf8 } from '@palisade/waf/bytes';
import type { Input } from './ftw-case.ts';

export type Request = { method: string; uri: string; version: string; headers: { name: string; value: string }[]; body: string };

/** The bytes a regression test sends, as the test tools build them, read back as a web server would. */
export function requestOf(input: Input): Request | undefined {
  if (input.encoded_request !== undefined && input.encoded_request !== '') return split(Buffer.from(input.encoded_request, 'base64').toString('latin1'));
  if (input.raw_request !== undefined) return split(fromUtf8(input.raw_request));
  const magic = input.stop_magic !== true && input.autocomplete_headers !== false;
  const headers = Object.entries(input.headers ?? {}).map(([name, value]) => ({ name, value: value === null || value === undefined ? '' : fromUtf8(String(value as string | number)) }));
  const get = (name: string): string | undefined => headers.find((entry) => entry.name.toLowerCase() === name)?.value;
  let data = fromUtf8(Array.isArray(input.data) ? input.data.join('\r\n') : (input.data ?? ''));
  if (magic && data !== '') {
    if (get('content-type') === undefined) headers.push({ name: 'Content-Type', value: 'application/x-www-form-urlencoded' });
    if (get('content-type') === 'application/x-www-form-urlencoded') data = encodeForm(data);
  }
  if (magic) {
    if (get('connection') === undefined) headers.push({ name: 'Connection', value: 'close' });
    if (data !== '' && get('content-length') === undefined) headers.push({ name: 'Content-Length', value: String(data.length) });
  }
  for (const entry of headers) entry.value = entry.value.trim();
  return { method: input.method ?? 'GET', uri: fromUtf8(input.uri ?? '/'), version: (input.version ?? 'HTTP/1.1').replace(/^HTTP\//, '') || '0.9', headers, body: received(headers, data) };
}

/** A server reads no body that is neither counted nor chunked, and not more than was counted. */
function received(headers: Request['headers'], data: string): string {
  const length = headers.find(({ name }) => name.toLowerCase() === 'content-length')?.value;
  if (headers.some(({ name }) => name.toLowerCase() === 'transfer-encoding')) return data;
  return length === undefined ? '' : /^\d+$/.test(length) ? data.slice(0, Number(length)) : data;
}

/** Form data that holds no escape is escaped, as both test tools do. */
function encodeForm(data: string): string {
  if (/%[0-9a-fA-F]{2}|\+/.test(data)) return data;
  const escape = (text: string): string => text.replace(/[^A-Za-z0-9_.~-]/g, (char) => (char === ' ' ? '+' : `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`));
  if (data.includes(';') || /%/.test(data)) return data;
  return data.split('&').filter((part) => part !== '').map((part) => {
    const at = part.indexOf('=');
    return at < 0 ? `${escape(part)}=` : `${escape(part.slice(0, at))}=${escape(part.slice(at + 1))}`;
  }).join('&');
}

function split(raw: string): Request | undefined {
  const end = raw.search(/\r?\n\r?\n/);
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/^(?:\r?\n)+/, '').split(/\r?\n/);
  const line = /^(\S+) (.*?)(?: HTTP\/(\S+))?$/.exec(head[0] ?? '');
  if (line === null) return undefined;
  const headers = head.slice(1).filter((text) => text !== '').map((text) => ({ name: text.slice(0, text.indexOf(':')), value: text.slice(text.indexOf(':') + 1).trim() }));
  const body = end < 0 ? '' : raw.slice(end).replace(/^\r?\n\r?\n/, '');
  return { method: line[1]!, uri: line[2]!, version: line[3] ?? '0.9', headers, body };
}
