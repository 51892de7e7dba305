import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import { parseCookies } from '@palisade/waf/body/cookies';
import { parseMultipart } from '@palisade/waf/body/multipart';
import { parseUrlencoded } from '@palisade/waf/body/urlencoded';
import { lowerAscii, toUtf8 } from '@palisade/waf/bytes';
import type { Named } from '@palisade/waf/engine/transaction';
import { urlDecode } from '@palisade/waf/transformations/url-decode';
import type { ApiDocument, Operation, Parameter, Schema } from './document.ts';
import { ApiDocumentError } from './document.ts';

/** A request outside the schema: an id of our own, what is wrong, and where. Texts are latin1. */
export type Violation = { readonly rule: number; readonly msg: string; readonly variable: string; readonly bytes: string };
export type ApiRequest = { readonly method: string; /** As sent, with its query. */ readonly target: string; readonly headers: readonly Named[]; readonly body: string };
export type RequestSchema = { check(request: ApiRequest): Violation[]; /** What of the document is not checked. */ readonly unchecked: readonly string[] };

export const apiRules = {
  path: { rule: 7_100_001, msg: 'The path is not in the API description' },
  method: { rule: 7_100_002, msg: 'The method is not in the API description of this path' },
  missing: { rule: 7_100_003, msg: 'A parameter that the API description demands is missing' },
  unknown: { rule: 7_100_004, msg: 'A parameter is not in the API description' },
  value: { rule: 7_100_005, msg: 'A parameter is not what the API description says' },
  type: { rule: 7_100_006, msg: 'The type of the body is not in the API description' },
  body: { rule: 7_100_007, msg: 'The body is not what the API description says' },
  unread: { rule: 7_100_008, msg: 'The body that the API description demands can not be read' },
} as const;

/** Of one request so much is told. */
const mostViolations = 20;

type Problem = string | undefined;
type Test = (value: unknown) => Problem;
type Compiled = { readonly operation: Operation; readonly segments: RE2JS; readonly names: readonly string[]; readonly fixed: number; readonly tests: ReadonlyMap<Parameter, Test>; readonly bodies: ReadonlyMap<string, Test>; readonly queryNames: ReadonlySet<string>; readonly open: boolean };

/** Compiles a document's operations. Throws ApiDocumentError for a schema that is none, or whose pattern can't be searched in linear time. */
export function requestSchema(document: ApiDocument): RequestSchema {
  const unchecked: string[] = [];
  const ajv = new Ajv2020({
    strict: false, allErrors: false, logger: false, validateFormats: true,
    // Patterns are searched in what attackers send: by an engine that doesn't backtrack.
    code: { regExp: Object.assign((pattern: string) => {
      const compiled = RE2JS.compile(RE2JS.translateRegExp(pattern));
      // ajv tells patterns apart by their text.
      return { test: (text: string) => compiled.matcher(text).find(), toString: () => pattern };
    }, { code: 'linear' }) as never },
  });
  addFormats.default(ajv, { mode: 'fast' });
  const test = (schema: Schema, place: string): Test => {
    try {
      const validate = ajv.compile(schema);
      return (value) => {
        if (validate(value)) return undefined;
        const [error] = validate.errors ?? [];
        return `${error?.instancePath ?? ''} ${error?.message ?? 'is wrong'}`.trim();
      };
    } catch (error) {
      throw new ApiDocumentError(`${place}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const compiled = document.operations.map((operation): Compiled => {
    const place = `${operation.method} ${operation.path}`;
    const tests = new Map<Parameter, Test>();
    for (const parameter of operation.parameters) {
      if (!parameter.json && (!['simple', 'form'].includes(parameter.style) || typesOf(parameter.schema).includes('object'))) unchecked.push(`${place}: parameter ${parameter.name} is an object or of style ${parameter.style}`);
      else tests.set(parameter, test(parameter.schema, `${place}, parameter ${parameter.name}`));
    }
    const names: string[] = [];
    const source = operation.path.split(/(\{[^}]+\})/).map((part) => {
      if (!part.startsWith('{')) return RE2JS.quote(part);
      names.push(part.slice(1, -1));
      return '([^/]+)';
    }).join('');
    return {
      operation, names, segments: RE2JS.compile(`^(?:${source})$`), fixed: operation.path.replace(/\{[^}]+\}/g, '').length, tests, bodies: new Map([...(operation.body?.content ?? [])].map(([type, schema]) => [type, test(schema, `${place}, body ${type}`)])),
      queryNames: new Set(operation.parameters.filter((one) => one.in === 'query').map(({ name }) => name)),
      // Names of an object's own fields stand in the query by themselves.
      open: operation.parameters.some((one) => one.in === 'query' && !tests.has(one)),
    };
  }).sort((a, b) => b.fixed - a.fixed);

  const byLength = Map.groupBy(compiled, ({ operation }) => operation.path.split('/').length);
  function find(path: string): { found: Compiled[]; values: string[] } {
    for (const base of document.bases) {
      if (!path.startsWith(base)) continue;
      const rest = path.slice(base.length);
      const first = byLength.get(rest.split('/').length)?.find(({ segments }) => segments.matches(rest));
      if (first === undefined) continue;
      const found = compiled.filter(({ operation }) => operation.path === first.operation.path);
      const matcher = first.segments.matcher(rest);
      matcher.matches();
      return { found, values: first.names.map((_, index) => matcher.group(index + 1) ?? '') };
    }
    return { found: [], values: [] };
  }

  return {
    unchecked,
    check(request) {
      const violations: Violation[] = [];
      const say = (kind: keyof typeof apiRules, variable: string, bytes: string, detail = ''): void => {
        if (violations.length < mostViolations) violations.push({ rule: apiRules[kind].rule, msg: `${apiRules[kind].msg}${detail === '' ? '' : `: ${detail}`}`, variable, bytes: bytes.slice(0, 512) });
      };
      const mark = request.target.indexOf('?');
      const path = (mark < 0 ? request.target : request.target.slice(0, mark)).replace(/^[a-z]+:\/\/[^/]*/i, '');
      const { found, values } = find(path);
      if (found.length === 0) {
        say('path', 'REQUEST_FILENAME', path);
        return violations;
      }
      const one = found.find(({ operation }) => operation.method === request.method) ?? (request.method === 'HEAD' ? found.find(({ operation }) => operation.method === 'GET') : undefined);
      if (one === undefined) {
        // Browsers ask before they send across origins; that is no operation.
        if (request.method !== 'OPTIONS') say('method', 'REQUEST_METHOD', request.method);
        return violations;
      }
      checkParameters(one, values, mark < 0 ? '' : request.target.slice(mark + 1), request.headers, say);
      checkBody(one, request, say);
      return violations;
    },
  };
}

type Say = (kind: keyof typeof apiRules, variable: string, bytes: string, detail?: string) => void;

function checkParameters({ operation, names, tests, queryNames, open }: Compiled, pathValues: readonly string[], query: string, headers: readonly Named[], say: Say): void {
  const { parameters } = parseUrlencoded(query);
  const cookies = headers.filter(({ name }) => lowerAscii(name) === 'cookie').flatMap(({ value }) => parseCookies(value));
  if (!open) for (const { name, value } of parameters) if (!queryNames.has(toUtf8(name)) && !queryNames.has(toUtf8(name).replace(/\[\d*\]$/, '[]'))) say('unknown', `ARGS_GET:${name}`, value);
  for (const [parameter, test] of tests) {
    const { name } = parameter;
    const variable = `${{ path: 'REQUEST_FILENAME', query: 'ARGS_GET', header: 'REQUEST_HEADERS', cookie: 'REQUEST_COOKIES' }[parameter.in]}:${name}`;
    // These three are for other parts of a description to say (OpenAPI 3.1, 4.8.12.1).
    if (parameter.in === 'header' && /^(?:accept|content-type|authorization)$/i.test(name)) continue;
    const given = parameter.in === 'path' ? names.flatMap((one, index) => (one === name ? [urlDecode(pathValues[index]!.replaceAll('+', '%2B'))] : []))
      : parameter.in === 'query' ? parameters.filter((one) => toUtf8(one.name) === name).map(({ value }) => value)
        : parameter.in === 'header' ? headers.filter((one) => lowerAscii(one.name) === name.toLowerCase()).map(({ value }) => value)
          : cookies.filter((one) => toUtf8(one.name) === name).map(({ value }) => value);
    if (given.length === 0) {
      if (parameter.required) say('missing', variable, '');
      continue;
    }
    const problem = valueProblem(parameter, given.map(toUtf8), test);
    if (problem !== undefined) say('value', variable, given.join(','), problem);
  }
  // Which of two values the application takes nobody here knows.
  for (const parameter of operation.parameters) if (parameter.in === 'query' && tests.has(parameter) && !typesOf(parameter.schema).includes('array')) {
    const given = parameters.filter((one) => toUtf8(one.name) === parameter.name);
    if (given.length > 1) say('value', `ARGS_GET:${parameter.name}`, given.map(({ value }) => value).join(','), 'it is given more than once');
  }
}

function typesOf(schema: Schema): readonly string[] {
  if (typeof schema === 'boolean') return [];
  const at = typeof schema['$ref'] === 'string' ? (schema['$defs'] as { [name: string]: Schema } | undefined)?.[schema['$ref'].slice('#/$defs/'.length)] : undefined;
  if (at !== undefined) return typesOf(at);
  const { type } = schema;
  return typeof type === 'string' ? [type] : Array.isArray(type) ? type.filter((one) => typeof one === 'string') : [];
}

function valueProblem(parameter: Parameter, given: readonly string[], test: Test): Problem {
  if (parameter.json) {
    try {
      return test(JSON.parse(given[0]!));
    } catch {
      return 'it is not JSON';
    }
  }
  const types = typesOf(parameter.schema);
  if (types.includes('array')) {
    const items = parameter.in === 'query' && parameter.explode ? given : given.flatMap((text) => text.split(','));
    const item = typeof parameter.schema === 'object' ? parameter.schema['items'] : undefined;
    const itemTypes = typesOf((item ?? true) as Schema);
    return test(items.map((text) => typed(text, itemTypes)));
  }
  return test(typed(given[0]!, types));
}

/** Text as the type it stands for; as text where it stands for none, which the schema then refuses. */
function typed(text: string, types: readonly string[]): unknown {
  if ((types.includes('integer') || types.includes('number')) && /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
  if (types.includes('null') && text === '' && !types.includes('string')) return null;
  return text;
}

function checkBody({ operation, bodies }: Compiled, { headers, body }: ApiRequest, say: Say): void {
  const header = headers.find(({ name }) => lowerAscii(name) === 'content-type')?.value ?? '';
  const type = lowerAscii(header.split(';')[0]!.trim());
  if (body === '') {
    if (operation.body?.required === true) say('unread', 'REQUEST_BODY', '', 'it is missing');
    return;
  }
  if (operation.body === undefined) {
    say('body', 'REQUEST_BODY', body, 'none is described');
    return;
  }
  const test = bodies.get(type) ?? bodies.get(`${type.split('/')[0]}/*`) ?? bodies.get('*/*');
  if (test === undefined) {
    say('type', 'REQUEST_HEADERS:Content-Type', header);
    return;
  }
  const schema = operation.body.content.get(type) ?? true;
  let value: unknown;
  if (/^application\/(?:[a-z0-9.-]+\+)?json$/.test(type)) {
    try {
      value = JSON.parse(toUtf8(body));
    } catch (error) {
      say('unread', 'REQUEST_BODY', body, error instanceof Error ? error.message.slice(0, 100) : '');
      return;
    }
  } else if (type === 'application/x-www-form-urlencoded') value = fields(parseUrlencoded(body).parameters, schema);
  else if (type === 'multipart/form-data') {
    const { parts, error } = parseMultipart(header, body);
    if (error !== undefined) {
      say('unread', 'REQUEST_BODY', body, error);
      return;
    }
    value = fields(parts, schema);
  } else return; // no form in which a schema could be asked
  const problem = test(value);
  if (problem !== undefined) say('body', 'REQUEST_BODY', body, problem);
}

/** Fields of a form as the object that its schema speaks of. */
function fields(pairs: readonly { readonly name: string; readonly value: string }[], schema: Schema): Record<string, unknown> {
  const properties = propertiesOf(schema);
  const object: Record<string, unknown> = {};
  for (const { name, value } of pairs) {
    const key = toUtf8(name);
    const property = Object.hasOwn(properties, key) ? properties[key]! : true;
    const types = typesOf(property);
    const item = types.includes('array') ? typesOf((property as { items?: Schema }).items ?? true) : types;
    const one = typed(toUtf8(value), item);
    const before = Object.hasOwn(object, key) ? object[key] : undefined;
    Object.defineProperty(object, key, { value: types.includes('array') ? [...((before as unknown[] | undefined) ?? []), one] : before === undefined ? one : [before, one].flat(), enumerable: true, configurable: true, writable: true });
  }
  return object;
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  if (typeof schema === 'boolean') return {};
  const target = typeof schema['$ref'] === 'string' ? (schema['$defs'] as Record<string, Schema> | undefined)?.[schema['$ref'].slice('#/$defs/'.length)] : undefined;
  if (target !== undefined) return propertiesOf(target);
  return (schema['properties'] as Record<string, Schema> | undefined) ?? {};
}
