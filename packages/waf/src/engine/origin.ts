import type { Origin } from '../body/multipart-places.ts';
import { partPlaces } from '../body/multipart-places.ts';
import { lowerAscii } from '../bytes.ts';
import { collections } from './collections.ts';
import type { Transaction } from './transaction.ts';
import { header, queryOf } from './transaction.ts';
import type { Rule } from '../seclang/rule.ts';

// As ModSecurity counts: request line and fields end in one byte, the empty line is one more. Only worked out when
// somebody wants to see it: nothing of this is kept while rules run.
type Lists = Readonly<Record<string, readonly (readonly Origin[])[]>>;

const one = (offset: number, length: number): readonly Origin[] => [{ offset, length }];

/** Names and values of `a=1&b=2` that begins at an offset. */
function pairs(text: string, separator: string, from: number): { names: (readonly Origin[])[]; values: (readonly Origin[])[] } {
  const names: (readonly Origin[])[] = [];
  const values: (readonly Origin[])[] = [];
  let at = from;
  for (const part of text.split(separator)) {
    if (part !== '') {
      const equals = part.indexOf('=');
      const size = equals < 0 ? part.length : equals;
      names.push(one(at, size));
      values.push(one(at + size + 1, equals < 0 ? 0 : part.length - size - 1));
    }
    at += part.length + 1;
  }
  return { names, values };
}

/** Cookies as parseCookies takes them. */
function cookies(value: string, from: number): { names: (readonly Origin[])[]; values: (readonly Origin[])[] } {
  const names: (readonly Origin[])[] = [];
  const values: (readonly Origin[])[] = [];
  let at = from;
  for (const part of value.split(';')) {
    const start = at + part.length - part.trimStart().length;
    const text = part.trimStart();
    const equals = text.indexOf('=');
    const size = equals < 0 ? text.length : equals;
    if (size > 0) {
      names.push(one(start, size));
      values.push(one(start + size + 1, equals < 0 ? 0 : text.length - size - 1));
    }
    at += part.length + 1;
  }
  return { names, values };
}

/** Places of every variable that lies in the request; each list goes with the list of the variable's values. */
function placesOf(tx: Transaction): Lists {
  const { method, uriRaw, protocol, requestHeaders } = tx;
  const target = method.length + 1;
  const path = uriRaw.search(/[?#]/) < 0 ? uriRaw.length : uriRaw.search(/[?#]/);
  const query = queryOf(uriRaw);
  const queryAt = target + path + 1;
  const names: (readonly Origin[])[] = [];
  const values: (readonly Origin[])[] = [];
  let at = target + uriRaw.length + 1 + protocol.length + 1;
  const cookieNames: (readonly Origin[])[] = [];
  const cookieValues: (readonly Origin[])[] = [];
  const fieldAt = new Map<string, number>();
  for (const { name, value } of requestHeaders) {
    names.push(one(at, name.length));
    at += name.length + 2;
    values.push(one(at, value.length));
    if (!fieldAt.has(lowerAscii(name))) fieldAt.set(lowerAscii(name), at);
    if (lowerAscii(name) === 'cookie') {
      const found = cookies(value, at);
      cookieNames.push(...found.names);
      cookieValues.push(...found.values);
    }
    at += value.length + 1;
  }
  const bodyAt = at + 1;
  const get = pairs(query, tx.settings.argumentSeparator, queryAt);
  const post = tx.processor === 'URLENCODED' ? pairs(tx.requestBody, tx.settings.argumentSeparator, bodyAt) : { names: [], values: [] };
  const parts = tx.multipart?.parts ?? [];
  const places = partPlaces(parts, tx.requestBody, bodyAt);
  const fields = places.filter((_, index) => parts[index]!.filename === undefined);
  const files = places.filter((_, index) => parts[index]!.filename !== undefined);
  const postNames = [...post.names, ...fields.map(({ name }) => name)];
  const postValues = [...post.values, ...fields.map(({ value }) => value)];
  const field = (name: string, length: number): (readonly Origin[])[] => (fieldAt.has(name) ? [one(fieldAt.get(name)!, length)] : []);
  const base = uriRaw.slice(0, path).search(/[^/\\]*$/);
  const bodyStart = tx.processor === 'URLENCODED' ? bodyAt : at;
  return {
    REQUEST_METHOD: [one(0, method.length)], REQUEST_LINE: [one(0, target + uriRaw.length + 1 + protocol.length)], REQUEST_PROTOCOL: [one(target + uriRaw.length + 1, protocol.length)],
    QUERY_STRING: query === '' ? [] : [one(queryAt, query.length)], REQUEST_URI: [one(target, uriRaw.length)], REQUEST_URI_RAW: [one(target, uriRaw.length)],
    PATH_INFO: [one(target, path)], REQUEST_FILENAME: [one(target, path)], REQUEST_BASENAME: [one(target + base, path - base)],
    REQUEST_HEADERS: values, REQUEST_HEADERS_NAMES: names, REQUEST_COOKIES: cookieValues, REQUEST_COOKIES_NAMES: cookieNames,
    AUTH_TYPE: field('authorization', /^\S*/.exec(header(requestHeaders, 'authorization') ?? '')![0].length),
    SERVER_NAME: field('host', (header(requestHeaders, 'host') ?? '').replace(/:\d*$/, '').length), REQBODY_PROCESSOR: field('content-type', tx.processor.length),
    ARGS: [...get.values, ...postValues], ARGS_NAMES: [...get.names, ...postNames], ARGS_GET: get.values, ARGS_GET_NAMES: get.names, ARGS_POST: postValues, ARGS_POST_NAMES: postNames,
    ARGS_COMBINED_SIZE: [[...get.names.map((name, index) => [name, get.values[index]!]), ...postNames.map((name, index) => [name, postValues[index]!])].flat(2)],
    FILES: files.map(({ filename }) => filename), FILES_NAMES: files.map(({ name }) => name), FILES_SIZES: files.map(({ value }) => value), FILES_TMP_CONTENT: files.map(({ value }) => value),
    FILES_COMBINED_SIZE: [files.flatMap(({ value }) => value)], MULTIPART_FILENAME: files.map(({ filename }) => filename), MULTIPART_NAME: files.map(({ name }) => name),
    REQUEST_BODY: [one(bodyStart, tx.requestBody.length)], REQUEST_BODY_LENGTH: [one(bodyStart, tx.requestBody.length)],
    REMOTE_ADDR: [one(0, tx.options.connection.clientAddress.length)], REMOTE_HOST: [one(0, tx.options.connection.clientAddress.length)], SERVER_ADDR: [one(0, tx.options.connection.serverAddress.length)],
  };
}

/** Answers, for each value of a rule in turn, where its bytes came from; empty for what the engine made itself. */
export function originsOf(tx: Transaction, rule: Rule): (name: string, value: string) => readonly Origin[] {
  const places = placesOf(tx);
  const waiting = new Map<string, (readonly Origin[])[]>();
  for (const { variable, exclude, count } of rule.targets) {
    const known = places[variable];
    if (exclude || count || known === undefined) continue;
    const list = collections[variable]?.(tx, rule);
    if (list === undefined) waiting.set(variable, [...known]);
    else for (const [index, { name, value }] of list.entries()) {
      const key = `${variable}:${name}\0${value}`;
      waiting.set(key, [...(waiting.get(key) ?? []), known[index] ?? []]);
    }
  }
  return (name, value) => (waiting.get(`${name}\0${value}`) ?? waiting.get(name))?.shift() ?? [];
}
