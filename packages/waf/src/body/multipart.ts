import { lowerAscii } from '../bytes.ts';

export type Part = { readonly name: string; readonly filename?: string; readonly value: string; readonly headers: readonly string[]; readonly length: number };

/** The strict checks; each is a variable MULTIPART_<name> that rules read as 0 or 1. */
export const multipartFlags = [
  'BOUNDARY_QUOTED', 'BOUNDARY_WHITESPACE', 'DATA_BEFORE', 'DATA_AFTER', 'HEADER_FOLDING', 'LF_LINE', 'CRLF_LF_LINES', 'MISSING_SEMICOLON',
  'INVALID_QUOTING', 'INVALID_PART', 'INVALID_HEADER_FOLDING', 'FILE_LIMIT_EXCEEDED',
] as const;
export type MultipartFlag = (typeof multipartFlags)[number];
export type Multipart = { readonly parts: Part[]; readonly flags: Set<MultipartFlag>; /** 1: a line looks like a boundary but isn't the one named; 2: and a right one came after it. */ readonly unmatched: 0 | 1 | 2; readonly boundary: string; readonly warnings: readonly string[]; readonly error?: string };

const wording: { readonly [flag in MultipartFlag]?: string } = {
  BOUNDARY_QUOTED: 'boundary was quoted.', BOUNDARY_WHITESPACE: 'boundary whitespace in C-T header.', DATA_BEFORE: 'seen data before first boundary.',
  DATA_AFTER: 'seen data after last boundary.', HEADER_FOLDING: 'header folding used.', LF_LINE: 'incorrect line endings used (LF).', CRLF_LF_LINES: 'mixed line endings used (CRLF/LF).',
  MISSING_SEMICOLON: 'missing semicolon in C-T header.', INVALID_QUOTING: 'invalid quoting used.', INVALID_HEADER_FOLDING: 'invalid header folding used.',
};
const maxParts = 10_000;

/** The boundary a Content-Type names, or why it is unacceptable (RFC 2046 5.1.1). */
function boundaryOf(contentType: string, flags: Set<MultipartFlag>): { boundary: string } | { error: string } {
  const lower = lowerAscii(contentType);
  if (!lower.startsWith('multipart/form-data')) return { error: 'Multipart: Invalid MIME type.' };
  const start = contentType.indexOf('boundary', 19);
  if (start < 0) return { error: lower.includes('boundary') ? 'Multipart: Invalid boundary in C-T (case sensitivity).' : 'Multipart: Boundary not found in C-T.' };
  if ((lower.match(/[;,\s]boundary\s*=/g)?.length ?? 0) > 1) return { error: 'Multipart: Multiple boundary parameters in C-T.' };
  const before = contentType.slice(19, start);
  if (!before.includes(';')) flags.add('MISSING_SEMICOLON');
  if (/^\s*[^;\s]/.test(before)) return { error: 'Multipart: Invalid boundary in C-T (malformed).' };
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
  if (boundary.endsWith(' ')) return { error: 'Multipart: Invalid boundary in C-T (characters).' };
  if (boundary.length > 128) return { error: 'Multipart: Invalid boundary in C-T (length).' };
  return /^[A-Za-z0-9'()+_,./:=?\x20-]+$/.test(boundary) ? { boundary } : { error: 'Multipart: Invalid boundary in C-T (characters).' };
}

/** Why a Content-Disposition can't be trusted, as ModSecurity numbers it. */
type Distrust = -1 | -2 | -14 | -15 | -16 | -17 | -18;

/** RFC 5987: charset'language'value. */
function extendedValue(text: string): string | Distrust {
  const [charset = '', language, ...rest] = text.split("'");
  if (!/^[A-Za-z0-9-]+$/.test(charset) || language === undefined) return -16;
  if (!/^[A-Za-z0-9-]*$/.test(language) || rest.length === 0) return -17;
  const value = rest.join("'");
  return /^(?:%[0-9a-fA-F]{2}|[A-Za-z0-9!#$&+.^_`|~-])*$/.test(value) ? value : -18;
}

/** Content-Disposition's parameters, or the reason it can't be trusted. */
function disposition(value: string, flags: Set<MultipartFlag>): { name?: string; filename?: string; extended?: string } | Distrust {
  const head = /^form-data\s*/i.exec(value);
  if (head === null) return -1;
  const result: { name?: string; filename?: string; extended?: string } = {};
  let rest = value.slice(head[0].length);
  while (rest.trim() !== '') {
    const pair = /^\s*;\s*([A-Za-z*-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|([^;\s"]*))\s*/.exec(rest);
    if (pair === null) {
      if (/^\s*;\s*$/.test(rest)) break;
      return -2;
    }
    if (pair[3] !== undefined || (pair[4]?.includes("'") === true && !pair[1]!.endsWith('*'))) flags.add('INVALID_QUOTING');
    const text = pair[2]?.replace(/\\(["\\])/g, '$1') ?? pair[3] ?? pair[4] ?? '';
    const key = pair[1]!.toLowerCase();
    if (key === 'name') {
      if (result.name !== undefined) return -14;
      result.name = text;
    } else if (key === 'filename') {
      if (result.filename !== undefined) return -15;
      result.filename = text;
    } else if (key === 'filename*') {
      const extended = extendedValue(text);
      if (typeof extended === 'number') return extended;
      result.extended = extended;
    }
    rest = rest.slice(pair[0].length);
  }
  if (result.filename === undefined && result.extended !== undefined) result.filename = result.extended;
  return result;
}

/** Parses a multipart/form-data body with the checks ModSecurity calls strict. Never throws; `error` ends the parsing. */
export function parseMultipart(contentType: string, body: string, fileLimit = 100): Multipart {
  const flags = new Set<MultipartFlag>();
  const found = boundaryOf(contentType, flags);
  const said: string[] = [];
  const parsed = 'error' in found ? { parts: [], unmatched: 0 as const, error: found.error } : readParts(found.boundary, body, fileLimit, flags, said);
  return { ...parsed, flags, boundary: 'error' in found ? '' : found.boundary, warnings: [...said, ...[...flags].flatMap((flag) => wording[flag] ?? [])] };
}

function readParts(boundary: string, body: string, fileLimit: number, flags: Set<MultipartFlag>, said: string[]): { parts: Part[]; unmatched: 0 | 1 | 2; error?: string } {
  let unmatched: 0 | 1 | 2 = 0;
  let count = 0;
  const parts: Part[] = [];
  const delimiter = `--${boundary}`;
  let crlf = false;
  let lf = false;
  let ended = false;
  let seen = false;
  let files = 0;
  let lines: string[] | undefined;

  const finish = (): string | undefined => {
    if (lines === undefined) return undefined;
    const blank = lines.findIndex((line) => /^\r?\n?$/.test(line));
    const headers: string[] = [];
    for (const line of lines.slice(0, blank < 0 ? undefined : blank)) {
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
      // Which of two an application takes nobody here knows.
      const field = lowerAscii(text.slice(0, colon));
      if (headers.some((other) => lowerAscii(other.slice(0, other.indexOf(':'))) === field)) return `Multipart: Duplicate part header: ${text.slice(0, colon)}.`;
      headers.push(text);
    }
    if (blank < 0) {
      flags.add('INVALID_PART');
      return 'Multipart: Part missing the blank line after its headers.';
    }
    const header = headers.find((text) => /^content-disposition\s*:/i.test(text));
    if (header === undefined) return 'Multipart: Part missing Content-Disposition header.';
    const value = disposition(header.slice(header.indexOf(':') + 1).trim(), flags);
    if (typeof value === 'number') return `Multipart: Invalid Content-Disposition header (${value}).`;
    if (value.name === undefined) return 'Multipart: Content-Disposition header missing name field.';
    if (value.extended !== undefined && value.filename === value.extended) said.push('no filename= but filename*');
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
      if (count > 0 && unmatched === 1) unmatched = 2;
      const tail = line.slice(delimiter.length).replace(/\r?\n$/, '');
      if (tail === '' || tail === '--') {
        const problem = finish();
        if (problem !== undefined) return { parts, unmatched, error: problem };
        if (ended) {
          flags.add('DATA_AFTER');
          return { parts, unmatched, error: 'Multipart: Invalid boundary (final duplicate).' };
        }
        count += 1;
        seen = true;
        lines = tail === '--' ? undefined : [];
        ended = tail === '--';
        continue;
      }
      if (/^\s*$/.test(tail) || tail.startsWith('--')) return { parts, unmatched, error: 'Multipart: Invalid boundary.' };
    }
    else if (line.startsWith('--') ? line.trimEnd().length > 2 : line.includes(delimiter)) unmatched = 1;
    if (lines !== undefined) {
      lines.push(line);
    } else if (ended) {
      if (line.trim() !== '') flags.add('DATA_AFTER');
    } else flags.add('DATA_BEFORE');
  }
  if (lf) flags.add('LF_LINE');
  if (lf && crlf) flags.add('CRLF_LF_LINES');
  if (!seen) return { parts, unmatched, error: 'Multipart: No boundaries found in payload.' };
  if (!ended) {
    flags.add('INVALID_PART');
    finish();
    return { parts, unmatched, error: 'Multipart: Final boundary missing.' };
  }
  return { parts, unmatched };
}
