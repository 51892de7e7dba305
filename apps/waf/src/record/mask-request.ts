import { lowerAscii } from '@palisade/waf/bytes';
import { partPlaces } from '@palisade/waf/body/multipart-places';
import { parseMultipart } from '@palisade/waf/body/multipart';
import type { Named } from '@palisade/waf/engine/transaction';
import { urlDecode } from '@palisade/waf/transformations/url-decode';
import { isSecretHeader, isSecretName, shape } from '../inspection/mask.ts';

/** A request whose secrets have lost their letters and digits; every length and all syntax stays. */
export type MaskedRequest = { readonly target: string; readonly headers: readonly Named[]; /** Undefined: of a kind in which secrets can't be told. */ readonly body: string | undefined; readonly masked: readonly string[] };

/** Tokens that tell themselves, wherever they stand: JWTs, keys of well-known services. */
const tokens = /\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|\b(?:gh[pousr]_|github_pat_|glpat-|sk_live_|xox[abprs]-|AKIA)[\w-]{10,}/g;

/** Percent escapes stay what they are, but for those of letters and digits. */
function shapeEscaped(text: string): string {
  return text.replace(/%[0-9A-Fa-f]{2}|[^%]+|%/g, (piece) => {
    if (!/^%[0-9A-Fa-f]{2}$/.test(piece)) return shape(piece);
    const byte = String.fromCharCode(Number.parseInt(piece.slice(1), 16));
    return /[0-9]/.test(byte) ? '%30' : /[A-Za-z\x80-\xff]/.test(byte) ? '%78' : piece;
  });
}

function pairs(text: string, masked: Set<string>): string {
  return text.split('&').map((part) => {
    const equals = part.indexOf('=');
    const name = equals < 0 ? '' : urlDecode(part.slice(0, equals));
    if (name === '' || !isSecretName(name)) return part;
    masked.add(name);
    return part.slice(0, equals + 1) + shapeEscaped(part.slice(equals + 1));
  }).join('&');
}

function cookies(value: string, masked: Set<string>): string {
  return value.split(';').map((part) => {
    const equals = part.indexOf('=');
    masked.add(`Cookie: ${part.slice(0, Math.max(0, equals)).trim()}`);
    return equals < 0 ? shape(part) : part.slice(0, equals + 1) + shapeEscaped(part.slice(equals + 1));
  }).join(';');
}

const jsonPiece = /"(?:[^"\\]|\\[^])*(?:"|$)|[{}[\],:]|[^\s"{}[\],:]+|\s+/g;
const shapeJson = (text: string): string => text.replace(/\\u[0-9a-fA-F]{4}|\\[^]|[0-9]|[^\\0-9]+|\\/g, (piece) => (piece.startsWith('\\u') ? '\\u0078' : piece.startsWith('\\') ? piece : piece.replace(/[0-9]/g, '1').replace(/[A-Za-z\x80-\xff]/g, 'x')));

/** Values below a secret name, whole objects and arrays too. */
function json(text: string, masked: Set<string>): string {
  const open: boolean[] = [];
  let inherited = false;
  let secret = false;
  let last = '';
  return text.replace(jsonPiece, (piece, offset: number) => {
    if (/^\s/.test(piece)) return piece;
    if (piece === '{' || piece === '[') {
      open.push(inherited);
      inherited ||= secret;
      secret = inherited;
    } else if (piece === '}' || piece === ']') {
      inherited = open.pop() ?? false;
      secret = inherited;
    } else if (piece === ',') secret = inherited;
    else if (piece === ':') {
      if (isSecretName(last)) {
        secret = true;
        masked.add(last);
      }
    } else if (/^\s*:/.test(text.slice(offset + piece.length, offset + piece.length + 50)) && piece.startsWith('"')) last = piece.slice(1, -1);
    else if (secret) return piece.startsWith('"') ? `"${shapeJson(piece.slice(1, piece.endsWith('"') && piece.length > 1 ? -1 : undefined))}${piece.endsWith('"') && piece.length > 1 ? '"' : ''}` : piece.startsWith('t') || piece.startsWith('f') || piece.startsWith('n') ? piece : piece.replace(/[0-9]/g, '1');
    return piece;
  });
}

const nameIn = (tag: string): string => tag.replace(/^[^:]*:/, '');
function xml(text: string, masked: Set<string>): string {
  const open: string[] = [];
  return text.replace(/<!\[CDATA\[[^]*?(?:\]\]>|$)|<[^>]*>?|[^<]+/g, (piece) => {
    const cdata = piece.startsWith('<![CDATA[');
    if (cdata || !piece.startsWith('<')) {
      const within = open.find(isSecretName);
      if (within === undefined) return piece;
      masked.add(within);
      return cdata ? `<![CDATA[${shape(piece.slice(9, -3))}]]>` : piece.replace(/&[^;\s]{1,20};|[^&]+|&/g, (one) => (one.startsWith('&') ? one : shape(one)));
    }
    const tag = /^<(\/?)([^\s/>]+)/.exec(piece);
    if (tag === null) return piece;
    if (tag[1] === '/') open.pop();
    else if (!piece.endsWith('/>') && !/^<[!?]/.test(piece)) open.push(nameIn(tag[2]!));
    return piece.replace(/([\w:.-]+)(\s*=\s*)("[^"]*"|'[^']*')/g, (whole, name: string, equals: string, value: string) => {
      if (!isSecretName(nameIn(name))) return whole;
      masked.add(name);
      return name + equals + value[0]! + shape(value.slice(1, -1)) + value[0]!;
    });
  });
}

function multipart(type: string, text: string, masked: Set<string>): string | undefined {
  const { parts, error } = parseMultipart(type, text);
  if (error !== undefined) return undefined;
  let out = '';
  let from = 0;
  for (const [index, { value: places }] of partPlaces(parts, text, 0).entries()) {
    const part = parts[index]!;
    const place = places[0]!;
    if (!isSecretName(part.name)) continue;
    masked.add(part.name);
    out += text.slice(from, place.offset) + shape(text.slice(place.offset, place.offset + place.length));
    from = place.offset + place.length;
  }
  return out + text.slice(from);
}

/** Masks a request (latin1) for a recording: credentials, cookies, and parameters, fields and elements that are named like secrets. */
export function maskRequest(target: string, headers: readonly Named[], body: string): MaskedRequest {
  const masked = new Set<string>();
  const bare = (text: string): string => text.replace(tokens, (token) => {
    masked.add('token');
    return shape(token);
  });
  const mark = target.indexOf('?');
  const type = headers.find(({ name }) => lowerAscii(name) === 'content-type')?.value ?? '';
  const word = lowerAscii(type);
  let kept: string | undefined;
  if (body === '') kept = '';
  else if (word.startsWith('application/x-www-form-urlencoded')) kept = pairs(body, masked);
  else if (/\bjson\b/.test(word)) kept = json(body, masked);
  else if (/\bxml\b/.test(word)) kept = xml(body, masked);
  else if (word.startsWith('multipart/form-data')) kept = multipart(type, body, masked);
  return {
    target: bare((mark < 0 ? target : target.slice(0, mark + 1) + pairs(target.slice(mark + 1), masked)).replace(/^([a-z]+:\/\/)[^/@]*@/i, (_, scheme: string) => `${scheme}x@`)),
    headers: headers.map(({ name, value }) => {
      if (!isSecretHeader(name)) return { name, value: bare(lowerAscii(name) === 'referer' && value.includes('?') ? value.slice(0, value.indexOf('?') + 1) + pairs(value.slice(value.indexOf('?') + 1), masked) : value) };
      if (lowerAscii(name) === 'cookie') return { name, value: cookies(value, masked) };
      masked.add(name);
      // The scheme of credentials is none of them.
      const scheme = /^(?:Basic|Bearer|Digest|Negotiate|Token)\s+/i.exec(value)?.[0] ?? '';
      return { name, value: scheme + shape(value.slice(scheme.length)) };
    }),
    body: kept === undefined ? undefined : bare(kept),
    masked: [...masked].slice(0, 1000).map((name) => name.slice(0, 200)),
  };
}
