import { parseMultipart } from '@palisade/waf/body/multipart';
import { parseUrlencoded } from '@palisade/waf/body/urlencoded';
import { lowerAscii, toUtf8 } from '@palisade/waf/bytes';
import { urlDecode } from '@palisade/waf/transformations/url-decode';
import type { Json } from './document.ts';
import type { ApiRequest } from './schema.ts';

/** What values of one place were like: their types, lengths and character set. */
type Shape = { seen: number; integer: boolean; number: boolean; boolean: boolean; shortest: number; longest: number; low: number; high: number; readonly sets: Set<string> };
type Fields = Map<string, Shape>;
type Route = { readonly method: string; readonly path: string; count: number; readonly path_: Map<string, Shape>; readonly query: Fields; readonly repeated: Set<string>; readonly bodies: Map<string, { count: number; fields: Fields; readonly repeated: Set<string>; flat: boolean }>; bodiless: number };

/** Routes, and names of a route, beyond which nothing is learned: an attacker may ask for ever new ones. */
const mostRoutes = 2000;
const mostNames = 200;

const charsets: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['0-9', /[0-9]/], ['a-z', /[a-z]/], ['A-Z', /[A-Z]/], ['_', /_/], ['\\-', /-/], ['.', /\./], [' ', / /], ['@', /@/], ['/', /\//], [':', /:/], [',', /,/], ['+', /\+/], ['=', /=/], ['%', /%/], ['?', /\?/], ['!', /!/], ['&', /&/], ['#', /#/], ['(', /\(/], [')', /\)/],
];
const knownBytes = /^[0-9a-zA-Z_\-. @/:,+=%?!&#()]*$/;

function note(into: Fields, name: string, value: string): boolean {
  let shape = into.get(name);
  if (shape === undefined) {
    if (into.size >= mostNames) return false;
    shape = { seen: 0, integer: true, number: true, boolean: true, shortest: Infinity, longest: 0, low: Infinity, high: -Infinity, sets: new Set() };
    into.set(name, shape);
  }
  shape.seen += 1;
  const asNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(value);
  shape.number &&= asNumber;
  shape.integer &&= asNumber && !value.includes('.');
  shape.boolean &&= value === 'true' || value === 'false';
  shape.shortest = Math.min(shape.shortest, value.length);
  shape.longest = Math.max(shape.longest, value.length);
  if (asNumber) {
    shape.low = Math.min(shape.low, Number(value));
    shape.high = Math.max(shape.high, Number(value));
  }
  for (const [name_, pattern] of charsets) if (pattern.test(value)) shape.sets.add(name_);
  if (!knownBytes.test(value)) shape.sets.add('any');
  return true;
}

/** Twice what was seen, rounded up to a power of two: room for what has not been seen yet. */
const room = (length: number): number => 2 ** Math.ceil(Math.log2(Math.max(4, length * 2)));

function schemaOf({ integer, number, boolean, shortest, longest, low, sets }: Shape): Json {
  if (boolean) return { type: 'boolean' };
  if (integer) return { type: 'integer', ...(low >= 0 ? { minimum: 0 } : {}) };
  if (number) return { type: 'number', ...(low >= 0 ? { minimum: 0 } : {}) };
  const named = [...sets].filter((name) => name !== 'any');
  return { type: 'string', ...(shortest > 0 ? { minLength: 1 } : {}), maxLength: room(longest), ...(sets.has('any') || named.length === 0 ? {} : { pattern: `^[${named.join('')}]*$` }) };
}

/** A part of a path that names one of many things rather than a kind of thing. */
const isValue = (segment: string): boolean => /^\d+$/.test(segment) || /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(segment) || (/^[0-9a-f]{16,}$/i.test(segment) && /\d/.test(segment)) || /^(?=.*\d)[\w-]{20,}$/.test(segment);

export type Learner = { take(request: ApiRequest): void; /** An OpenAPI 3.1 document of the routes seen at least so often. */ document(title: string, atLeast: number): Json; readonly left: readonly string[] };

/** Learns from requests which routes, parameters and fields there are, and of which type, length and character set. */
export function createLearner(): Learner {
  const routes = new Map<string, Route>();
  const left = new Set<string>();
  return {
    get left() {
      return [...left];
    },
    take({ method, target, headers, body }) {
      const mark = target.indexOf('?');
      const path = toUtf8((mark < 0 ? target : target.slice(0, mark)).replace(/^[a-z]+:\/\/[^/]*/i, ''));
      if (!path.startsWith('/') || /[{}]/.test(path)) return void left.add(`the path ${path.slice(0, 100)} can't stand in a description`);
      const values: string[] = [];
      const template = path.split('/').map((segment) => {
        const text = toUtf8(urlDecode(segment.replaceAll('+', '%2B')));
        if (!isValue(text)) return segment;
        values.push(text);
        return `{p${values.length}}`;
      }).join('/');
      const key = `${method} ${template}`;
      let route = routes.get(key);
      if (route === undefined) {
        if (routes.size >= mostRoutes) return void left.add(`more than ${mostRoutes} routes; the others were not learned`);
        route = { method, path: template, count: 0, path_: new Map(), query: new Map(), repeated: new Set(), bodies: new Map(), bodiless: 0 };
        routes.set(key, route);
      }
      route.count += 1;
      const full = (fields: Fields, pairs: readonly { name: string; value: string }[], repeated: Set<string>): void => {
        const names = new Set<string>();
        for (const { name, value } of pairs) {
          const text = toUtf8(name);
          if (!note(fields, text, toUtf8(value))) left.add(`${key}: more than ${mostNames} names; the others were not learned`);
          if (names.has(text)) repeated.add(text);
          names.add(text);
        }
      };
      for (const [index, value] of values.entries()) note(route.path_, `p${index + 1}`, value);
      full(route.query, parseUrlencoded(mark < 0 ? '' : target.slice(mark + 1)).parameters, route.repeated);
      if (body === '') {
        route.bodiless += 1;
        return;
      }
      const header = headers.find(({ name }) => lowerAscii(name) === 'content-type')?.value ?? '';
      const type = lowerAscii(header.split(';')[0]!.trim());
      if (!/^[\w.+-]+\/[\w.+-]+$/.test(type)) return void left.add(`${key}: a body without a type`);
      let known = route.bodies.get(type);
      if (known === undefined) route.bodies.set(type, (known = { count: 0, fields: new Map(), repeated: new Set(), flat: true }));
      known.count += 1;
      if (type === 'application/x-www-form-urlencoded') full(known.fields, parseUrlencoded(body).parameters, known.repeated);
      else if (type === 'multipart/form-data') full(known.fields, parseMultipart(header, body).parts, known.repeated);
      else if (/\bjson\b/.test(type)) {
        try {
          const value = JSON.parse(toUtf8(body)) as Json;
          const flat = typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((one) => typeof one !== 'object');
          known.flat &&= flat;
          if (flat) for (const [name, one] of Object.entries(value)) {
            // Text that looks like a number is text in JSON.
            note(known.fields, name, typeof one === 'string' ? one : JSON.stringify(one));
            if (typeof one === 'string') Object.assign(known.fields.get(name) ?? {}, { integer: false, number: false, boolean: false });
          }
        } catch {
          left.add(`${key}: a body that is not JSON`);
        }
      } else known.flat = false;
    },
    document(title, atLeast) {
      const paths: { [path: string]: { [method: string]: Json } } = {};
      for (const route of [...routes.values()].sort((a, b) => (a.path < b.path ? -1 : 1))) {
        if (route.count < atLeast || !/^(?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE)$/.test(route.method)) continue;
        const array = (schema: Json, repeated: boolean): Json => (repeated ? { type: 'array', items: schema } : schema);
        const content: { [type: string]: Json } = {};
        for (const [type, { count, fields, repeated, flat }] of route.bodies) {
          const described = fields.size > 0 && flat;
          content[type] = described ? { schema: { type: 'object', properties: Object.fromEntries([...fields].map(([name, shape]) => [name, array(schemaOf(shape), repeated.has(name))])), required: [...fields].filter(([, { seen }]) => seen >= count).map(([name]) => name), additionalProperties: false } } : {};
        }
        paths[route.path] = {
          ...paths[route.path],
          [route.method.toLowerCase()]: {
            description: `seen ${route.count} times`,
            parameters: [
              ...[...route.path_].map(([name, shape]) => ({ name, in: 'path', required: true, schema: schemaOf(shape) })),
              ...[...route.query].map(([name, shape]) => ({ name, in: 'query', required: shape.seen >= route.count, schema: array(schemaOf(shape), route.repeated.has(name)) })),
            ],
            ...(route.bodies.size === 0 ? {} : { requestBody: { required: route.bodiless === 0, content } }),
            responses: { default: { description: 'not learned' } },
          },
        };
      }
      return { openapi: '3.1.0', info: { title, version: '1' }, paths };
    },
  };
}
