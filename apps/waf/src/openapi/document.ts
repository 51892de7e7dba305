import { parseDocument } from 'yaml';

// What of OpenAPI 3.0 and 3.1 says which requests there are (https://spec.openapis.org/oas/v3.1.1). Everything else in a
// document is of no use here and not read.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Schema = { [key: string]: Json } | boolean;
export type ParameterIn = 'path' | 'query' | 'header' | 'cookie';
export type Parameter = { readonly name: string; readonly in: ParameterIn; readonly required: boolean; readonly schema: Schema; readonly explode: boolean; readonly style: string; /** Its value is JSON. */ readonly json: boolean };
export type Body = { readonly required: boolean; /** By media type, lower case; `application/*` and such are ranges. */ readonly content: ReadonlyMap<string, Schema> };
export type Operation = { readonly method: string; readonly path: string; readonly parameters: readonly Parameter[]; readonly body: Body | undefined };
export type ApiDocument = { /** 3.1 and later: schemas are JSON Schema 2020-12. */ readonly modern: boolean; /** Paths that all operations may begin with. */ readonly bases: readonly string[]; readonly operations: readonly Operation[] };

/** A document that can't be used; the message names the place in it. */
export class ApiDocumentError extends Error {}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const mostText = 16 << 20;
const mostOperations = 20_000;
const mostDepth = 100;

const isObject = (value: unknown): value is { [key: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value);
const at = (path: readonly string[]): string => `#/${path.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/')}`;

/** Reads an OpenAPI document (YAML or JSON). Throws ApiDocumentError saying where and why. References into other files are refused. */
export function readApiDocument(text: string): ApiDocument {
  if (text.length > mostText) throw new ApiDocumentError(`longer than ${mostText} characters`);
  const parsed = parseDocument(text, { maxAliasCount: 100 } as never);
  const [problem] = parsed.errors;
  if (problem !== undefined) throw new ApiDocumentError(`line ${problem.linePos?.[0].line ?? '?'}: ${problem.message.split('\n')[0] ?? ''}`);
  const root = parsed.toJS({ maxAliasCount: 100 }) as unknown;
  if (!isObject(root) || typeof root['openapi'] !== 'string') throw new ApiDocumentError('no OpenAPI document: "openapi" is missing (Swagger 2.0 is not read)');
  const version = /^3\.(\d+)/.exec(root['openapi']);
  if (version === null) throw new ApiDocumentError(`openapi: ${root['openapi']}: 3.0 and 3.1 are read`);
  const modern = Number(version[1]) >= 1;
  const find = reference(root);
  const operations: Operation[] = [];
  for (const [path, given] of Object.entries(isObject(root['paths']) ? root['paths'] : {})) {
    if (!path.startsWith('/')) continue;
    const item = find(given, ['paths', path]);
    const shared = list(item['parameters']).map((one, index) => parameter(find, one, ['paths', path, 'parameters', String(index)], modern));
    for (const method of methods) {
      if (item[method] === undefined) continue;
      const place = ['paths', path, method];
      const operation = find(item[method], place);
      const own = list(operation['parameters']).map((one, index) => parameter(find, one, [...place, 'parameters', String(index)], modern));
      const inherited = shared.filter((one) => !own.some((other) => other.name === one.name && other.in === one.in));
      operations.push({ method: method.toUpperCase(), path, parameters: [...inherited, ...own], body: operation['requestBody'] === undefined ? undefined : bodyOf(find, operation['requestBody'], [...place, 'requestBody'], modern) });
      if (operations.length > mostOperations) throw new ApiDocumentError(`more than ${mostOperations} operations`);
    }
  }
  if (operations.length === 0) throw new ApiDocumentError('it has no operation under "paths"');
  return { modern, bases: basesOf(root['servers']), operations };
}

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);

type Find = (value: Json | undefined, place: readonly string[]) => { [key: string]: Json };

/** Follows references of objects that aren't schemas. */
function reference(root: { [key: string]: Json }): Find & { readonly root: { [key: string]: Json } } {
  const find = (value: Json | undefined, place: readonly string[]): { [key: string]: Json } => {
    let current = value;
    for (let count = 0; isObject(current) && typeof current['$ref'] === 'string'; count += 1) {
      if (count > 20) throw new ApiDocumentError(`${at(place)}: references that never end`);
      current = resolve(root, current['$ref'], place);
    }
    if (!isObject(current)) throw new ApiDocumentError(`${at(place)}: an object is expected`);
    return current;
  };
  return Object.assign(find, { root });
}

function resolve(root: Json, target: string, place: readonly string[]): Json {
  if (!target.startsWith('#/')) throw new ApiDocumentError(`${at(place)}: $ref ${target}: only references within the document are followed`);
  let current: Json | undefined = root;
  for (const part of target.slice(2).split('/')) {
    const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
    current = Array.isArray(current) ? current[Number(key)] : isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  if (current === undefined) throw new ApiDocumentError(`${at(place)}: $ref ${target}: there is no such part`);
  return current;
}

function parameter(find: Find & { readonly root: { [key: string]: Json } }, given: Json, place: readonly string[], modern: boolean): Parameter {
  const found = find(given, place);
  const { name, in: where } = found;
  if (typeof name !== 'string' || (where !== 'path' && where !== 'query' && where !== 'header' && where !== 'cookie')) throw new ApiDocumentError(`${at(place)}: a parameter needs "name" and "in"`);
  const content = isObject(found['content']) ? Object.values(found['content'])[0] : undefined;
  const style = typeof found['style'] === 'string' ? found['style'] : where === 'query' || where === 'cookie' ? 'form' : 'simple';
  return {
    name, in: where, required: where === 'path' || found['required'] === true, style, explode: typeof found['explode'] === 'boolean' ? found['explode'] : style === 'form',
    json: content !== undefined, schema: schemaOf(find.root, (isObject(content) ? content['schema'] : found['schema']) ?? true, place, modern),
  };
}

function bodyOf(find: Find & { readonly root: { [key: string]: Json } }, given: Json, place: readonly string[], modern: boolean): Body {
  const found = find(given, place);
  const content = new Map<string, Schema>();
  for (const [type, media] of Object.entries(isObject(found['content']) ? found['content'] : {})) content.set(type.split(';')[0]!.trim().toLowerCase(), schemaOf(find.root, isObject(media) ? (media['schema'] ?? true) : true, [...place, 'content', type], modern));
  return { required: found['required'] === true, content };
}

/**
 * One schema that stands alone: references become `$defs`. In 3.0 `nullable` and a boolean `exclusiveMinimum` are not
 * JSON Schema and are written as it has them.
 */
function schemaOf(root: Json, given: Json, place: readonly string[], modern: boolean): Schema {
  const definitions: { [key: string]: Json } = {};
  const names = new Map<string, string>();
  const copy = (value: Json, depth: number, isSchema: boolean): Json => {
    if (depth > mostDepth) throw new ApiDocumentError(`${at(place)}: nested deeper than ${mostDepth}`);
    if (Array.isArray(value)) return value.map((one) => copy(one, depth + 1, isSchema));
    if (!isObject(value)) return value;
    const target = value['$ref'];
    if (isSchema && typeof target === 'string') {
      let name = names.get(target);
      if (name === undefined) {
        name = `d${names.size}`;
        names.set(target, name);
        definitions[name] = copy(resolve(root, target, place), depth + 1, true);
      }
      return { $ref: `#/$defs/${name}` };
    }
    const out: { [key: string]: Json } = {};
    for (const [key, one] of Object.entries(value)) {
      if (isSchema && (key === 'example' || key === 'examples' || key === 'externalDocs' || key === 'xml' || key === 'discriminator' || key === 'default' || key.startsWith('x-'))) continue;
      if (key === 'enum' || key === 'const') out[key] = one;
      else out[key] = copy(one, depth + 1, isSchema ? !(key === 'properties' || key === 'patternProperties' || key === '$defs' || key === 'definitions') : true);
    }
    if (isSchema && !modern) oldForms(out);
    return out;
  };
  const schema = copy(given, 0, true);
  if (typeof schema === 'boolean') return schema;
  if (!isObject(schema)) throw new ApiDocumentError(`${at(place)}: a schema is expected`);
  return names.size === 0 ? schema : { ...schema, $defs: { ...(isObject(schema['$defs']) ? schema['$defs'] : {}), ...definitions } };
}

function oldForms(schema: { [key: string]: Json }): void {
  if (schema['nullable'] === true && typeof schema['type'] === 'string') {
    schema['type'] = [schema['type'], 'null'];
    if (Array.isArray(schema['enum']) && !schema['enum'].includes(null)) schema['enum'] = [...schema['enum'], null];
  }
  delete schema['nullable'];
  for (const [bound, exclusive] of [['minimum', 'exclusiveMinimum'], ['maximum', 'exclusiveMaximum']] as const) {
    if (typeof schema[exclusive] !== 'boolean') continue;
    if (schema[exclusive] && schema[bound] !== undefined) {
      schema[exclusive] = schema[bound];
      delete schema[bound];
    } else delete schema[exclusive];
  }
}

function basesOf(servers: Json | undefined): string[] {
  const bases = list(servers).flatMap((server) => {
    if (!isObject(server) || typeof server['url'] !== 'string') return [];
    const url = server['url'].replace(/\{([^}]+)\}/g, (_, name: string) => {
      const variable = isObject(server['variables']) ? server['variables'][name] : undefined;
      return isObject(variable) && typeof variable['default'] === 'string' ? variable['default'] : name;
    });
    try {
      return [new URL(url, 'http://host').pathname.replace(/\/+$/, '')];
    } catch {
      throw new ApiDocumentError(`servers: ${url}: no URL`);
    }
  });
  return bases.length === 0 ? [''] : [...new Set(bases)];
}
