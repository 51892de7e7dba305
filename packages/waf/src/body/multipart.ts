import { lowerAscii } from '../bytes.ts';

export type Part = { readonly name: string; readonly filename?: string; readonly value: string; readonly headers: readonly string[]; readonly length: number };

/** The strict checks; each is a variable MULTIPART_<name> that rules read as 0 or 1. */
export const multipartFlags = [
  'BOUNDARY_QUOTED', 'BOUNDARY_WHITESPACE', 'DATA_BEFORE', 'DATA_AFTER', 'HEADER_FOLDING', 'LF_LINE', 'CRLF_LF_LINES', 'MISSING_SEMICOLON',
  'INVALID_QUOTING', 'INVALID_PART', 'INVALID_HEADER_FOLDING', 'FILE_LIMIT_EXCEEDED', 'UNMATCHED_BOUNDARY',
] as const;
export type MultipartFlag = (typeof multipartFlags)[number];
export type Multipart = { readonly parts: Part[]; readonly flags: Set<MultipartFlag>; readonly warnings: string[]; readonly error?: string };

const maxParts = 10_000;

/** The boundary a Content-Type names, or why it is unacceptable (RFC 2046 5.1.1). */
function boundaryOf(contentType: string, flags: Set<MultipartFlag>): { boundary: string } | { error: string } {
  const lower = lowerAscii(contentType);
  if (!lower.startsWith('multipart/form-data')) return { error: 'Multipart: Invalid MIME type.' };
  const start = contentType.indexOf('boundary', 19);
  if (start < 0) return { error: lower.includes('boundary') ? 'Multipart: Invalid boundary in C-T (case sensitivity).' : 'Multipart: Boundary not found in C-T.' };
  if ((lower.match(/[;,\s]boundary\s*=/g)?.length ?? 0) > 1) return { error: 'Multipart: Multiple boundary parameters in C-T.' };
  const before = contentType.slice(19, start);
  if (!/[;,]\s*$/.test(before)) flags.add('MISSING_SEMICOLON');
  const found = /^boundary(\s*)=(\s*)(.*)$/s.exec(contentType.slice(start));
  if (found === null) return { error: 'Multipart: Invalid boundary in C-T (malformed).' };
  if (found[1] !== '' || found[2] !== '' || /\s$/.test(found[3]!)) flags.add('BOUNDARY_WHITESPACE');
  const raw = found[3]!.trim();
  if (raw.startsWith('"')) {
    const end = raw.indexOf('"', 1);
    flags.add('BOUNDARY_QUOTED');
    if (end < 0) return { error: 'Multipart: Invalid boundary in C-T (quote).' };
    if (end < raw.length - 1 && !/^\s*[;,]/.test(raw.slice(end + 1))) return { error: 'Multipart: Invalid boundary in C-T (characters).' };
    const boundary = raw.slice(1, end);
    return boundary === '' ? { error: 'Multipart: Invalid boundary in C-T (empty).' } : check(boundary);
  }
  const boundary = /^[^;,]*/.exec(raw)![0];
  if (/\s$/.test(boundary)) flags.add('BOUNDARY_WHITESPACE');
  if (boundary.includes('"')) return { error: 'Multipart: Invalid boundary in C-T (quote).' };
  return boundary.trim() === '' ? { error: 'Multipart: Invalid boundary in C-T (empty).' } : check(boundary.trim());
}

function check(boundary: string): { boundary: string } | { error: string } {
  if (boundary.length > 128) return { error: 'Multipart: Invalid boundary in C-T (length).' };
  return /^[A-Za-z0-9'()+_,./:=?\x20-]+$/.test(boundary) ? { boundary } : { error: 'Multipart: Invalid boundary in C-T (characters).' };
}

/** Content-Disposition's parameters, or the reason it can't be trusted. */
function disposition(value: string, flags: Set<MultipartFlag>): { name?: string; filename?: string } | undefined {
  const head = /^form-data\s*/i.exec(value);
  if (head === null) return undefined;
  const result: { name?: string; filename?: string } = {};
  let rest = value.slice(head[0].length);
  while (rest.trim() !== '') {
    const pair = /^\s*;\s*([A-Za-z*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^;\s"']*))\s*/.exec(rest);
    if (pair === null) {
      if (/^\s*;\s*$/.test(rest)) return result;
      return undefined;
    }
    if (pair[3] !== undefined) flags.add('INVALID_QUOTING');
    const text = pair[2]?.replace(/\\(["\\])/g, '$1') ?? pair[3] ?? pair[4] ?? '';
    const key = pair[1]!.toLowerCase();
    if (key === 'name') {
      if (result.name !== undefined) return undefined;
      result.name = text;
    } else if (key === 'filename') {
      if (result.filename !== undefined) return undefined;
      result.filename = text;
    } else if (key === 'filename*') {
      const extended = /^[A-Za-z0-9-]+'[^']*'(.*)$/.exec(text || (pair[0].split('=')[1] ?? ''));
      result.filename ??= extended?.[1] ?? text;
    }
    rest = rest.slice(pair[0].length);
  }
  return result;
}

/** Parses a multipart/form-data body with the checks ModSecurity calls strict. Never throws; `error` ends the parsing. */
export function parseMultipart(contentType: string, body: string, fileLimit = 100): Multipart {
  const flags = new Set<MultipartFlag>();
  const warnings: string[] = [];
  const parts: Part[] = [];
  const found = boundaryOf(contentType, flags);
  if ('error' in found) return { parts, flags, warnings, error: found.error };
  const delimiter = `--${found.boundary}`;
  let crlf = false;
  let lf = false;
  let ended = false;
  let seen = false;
  let files = 0;
  let lines: string[] | undefined;

  const finish = (): string | undefined => {
    if (lines === undefined) return undefined;
    const blank = lines.findIndex((line) => /^\r?\n?$/.test(line));
    if (blank < 0) {
      flags.add('INVALID_PART');
      return 'Multipart: Part missing the blank line after its headers.';
    }
    const headers: string[] = [];
    for (const line of lines.slice(0, blank)) {
      const text = line.replace(/\r?\n$/, '');
      if (/^[ \t]/.test(text)) {
        flags.add('HEADER_FOLDING');
        if (headers.length === 0) return 'Multipart: Invalid part header (folding error).';
        if (!/^[ \t]/.test(text) || /[\x0b\f]/.test(text)) flags.add('INVALID_HEADER_FOLDING');
        headers.push(`${headers.pop()!} ${text.trim()}`);
        continue;
      }
      const colon = text.indexOf(':');
      if (colon < 0) return 'Multipart: Invalid part header (colon missing).';
      if (colon === 0) return 'Multipart: Invalid part header (header name missing).';
      if (/[^\x21-\x7e]/.test(text.slice(0, colon))) return 'Multipart: Invalid part header (contains invalid character).';
      headers.push(text);
    }
    const header = headers.find((text) => /^content-disposition\s*:/i.test(text));
    const value = header === undefined ? undefined : disposition(header.slice(header.indexOf(':') + 1).trim(), flags);
    if (value === undefined) return header === undefined ? 'Multipart: Part missing Content-Disposition header.' : 'Multipart: Invalid Content-Disposition header.';
    if (value.name === undefined) return 'Multipart: Content-Disposition header missing name field.';
    const content = lines.slice(blank + 1).join('').replace(/\r?\n$/, '');
    if (value.filename !== undefined) {
      files += 1;
      if (files > fileLimit) {
        flags.add('FILE_LIMIT_EXCEEDED');
        return 'Multipart: Upload file limit exceeded.';
      }
    }
    parts.push({ name: value.name, ...(value.filename === undefined ? {} : { filename: value.filename }), value: content, headers, length: content.length });
    return parts.length > maxParts ? 'Multipart: too many parts.' : undefined;
  };

  for (const line of body.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    if (line.endsWith('\r\n')) crlf = true;
    else if (line.endsWith('\n')) lf = true;
    if (line.startsWith(delimiter)) {
      const tail = line.slice(delimiter.length).replace(/\r?\n$/, '');
      if (tail === '' || tail === '--') {
        const problem = finish();
        if (problem !== undefined) return { parts, flags, warnings, error: problem };
        if (ended) return { parts, flags, warnings, error: 'Multipart: Invalid boundary (final duplicate).' };
        seen = true;
        lines = tail === '--' ? undefined : [];
        ended = tail === '--';
        continue;
      }
      if (/^\s*$/.test(tail) || /^--\s*$/.test(tail)) return { parts, flags, warnings, error: 'Multipart: Invalid boundary.' };
    }
    if (lines !== undefined) {
      if (/^--[A-Za-z0-9'()+_,./:=?-]{2,}/.test(line) && line.trimEnd() !== '--') flags.add('UNMATCHED_BOUNDARY');
      lines.push(line);
    } else if (ended) {
      if (line.trim() !== '') flags.add('DATA_AFTER');
    } else flags.add('DATA_BEFORE');
  }
  if (lf) flags.add('LF_LINE');
  if (lf && crlf) flags.add('CRLF_LF_LINES');
  if (!seen) return { parts, flags, warnings, error: 'Multipart: No boundaries found in payload.' };
  if (!ended) {
    flags.add('INVALID_PART');
    finish();
    return { parts, flags, warnings, error: 'Multipart: Final boundary missing.' };
  }
  return { parts, flags, warnings };
}
