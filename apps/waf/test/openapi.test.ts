import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz } from '../../../test/fuzz.ts';
import type { WafEvent } from '@palisade/model/waf-event';
import { memoryStore } from '@palisade/waf/engine/store';
import { loadRules } from '@palisade/waf/load';
import { readRequestHead } from '../src/http1/head.ts';
import { inspect } from '../src/inspection/inspection.ts';
import { newStats, siteRules } from '../src/inspection/site.ts';
import type { Site } from '../src/inspection/site.ts';
import { readApiDocument } from '../src/openapi/document.ts';
import { requestSchema } from '../src/openapi/schema.ts';
import { upstreamPool } from '../src/proxy/upstream.ts';
import { baseSettings } from '../src/serve/settings.ts';

/** The events of a request, and whether it was stopped. */
function inspected(mode: 'detect' | 'block', stop: boolean, head: string): { stopped: number | undefined; rules: number[]; shown: string[] } {
  const events: WafEvent[] = [];
  const { ruleSet } = loadRules([{ name: 'base', text: baseSettings(1) }], { read: () => '', glob: () => [] });
  const site: Site = {
    name: 's', rules: siteRules(ruleSet), modeOf: () => mode, upstream: upstreamPool((_peer, _half, opened) => opened(new Error('none'))), store: memoryStore(), forwarded: false, trusts: () => false, proxyProtocol: false, tls: undefined, uninspected: 'refuse',
    stats: newStats(), event: (event) => void events.push(event), api: { schema, stop },
  };
  const inspection = inspect(site, readRequestHead(`${head} HTTP/1.1\r\nHost: a\r\nX-Page: 1`), { clientAddress: '192.0.2.1', clientPort: 1, serverAddress: '192.0.2.2', serverPort: 80 });
  const found = inspection.requestHead() ?? inspection.requestBody('');
  inspection.finish(found?.status ?? 200, found !== undefined);
  return { stopped: found?.status, rules: events.flatMap(({ matches }) => matches.map(({ rule }) => rule)), shown: events.flatMap(({ matches }) => matches.map(({ bytes }) => bytes)) };
}

const shop = `
openapi: 3.0.3
info: {title: shop, version: "1"}
servers: [{url: "https://shop.example/api"}]
paths:
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1}}]
    get:
      parameters:
        - {name: lang, in: query, schema: {type: string, enum: [en, zh]}}
        - {name: tag, in: query, schema: {type: array, maxItems: 2, items: {type: string, pattern: "^[a-z]+$"}}}
        - {name: X-Page, in: header, required: true, schema: {type: integer}}
      responses: {}
    put:
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Item"}}}}
      responses: {}
  /items/new:
    get: {responses: {}}
  /login:
    post:
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, required: [user], additionalProperties: false, properties: {user: {type: string, format: email}, remember: {type: boolean}, code: {type: integer, nullable: true}}}
      responses: {}
components:
  schemas:
    Item: {type: object, required: [name], properties: {name: {type: string, maxLength: 5}, price: {type: number, minimum: 0, exclusiveMinimum: true}, parent: {$ref: "#/components/schemas/Item"}, note: {type: string, nullable: true}}, additionalProperties: false}
`;
const schema = requestSchema(readApiDocument(shop));
const page = { name: 'X-Page', value: '1' };
const check = (line: string, body = '', type = '', headers = [page]): string[] => {
  const [method = '', target = ''] = line.split(' ');
  return schema.check({ method, target, headers: [...headers, ...(type === '' ? [] : [{ name: 'Content-Type', value: type }])], body }).map(({ rule, variable }) => `${rule - 7_100_000} ${variable}`);
};

describe('requests of an OpenAPI document', () => {
  it.each([
    ['GET /api/items/7', []], ['GET /api/items/7?lang=en&tag=a&tag=b', []], ['HEAD /api/items/7', []], ['GET /api/items/new', []], ['OPTIONS /api/items/7', []],
    ['GET /items/7', ['1 REQUEST_FILENAME']], ['GET /api/items/7/more', ['1 REQUEST_FILENAME']], ['GET /api/items/', ['1 REQUEST_FILENAME']], ['GET /api/items/../login', ['1 REQUEST_FILENAME']],
    ['DELETE /api/items/7', ['2 REQUEST_METHOD']], ['GET /api/items/0', ['5 REQUEST_FILENAME:id']], ['GET /api/items/1%20or%201', ['5 REQUEST_FILENAME:id']],
    ['GET /api/items/7?lang=fr', ['5 ARGS_GET:lang']], ['GET /api/items/7?lang=en&lang=zh', ['5 ARGS_GET:lang']], ['GET /api/items/7?debug=1', ['4 ARGS_GET:debug']], ['GET /api/items/7?tag=A', ['5 ARGS_GET:tag']], ['GET /api/items/7?tag=a&tag=b&tag=c', ['5 ARGS_GET:tag']],
  ])('%s', (line, found) => expect(check(line)).toEqual(found));

  it('asks for what is demanded, and for bodies', () => {
    expect(check('GET /api/items/7', '', '', [])).toEqual(['3 REQUEST_HEADERS:X-Page']);
    const put = (body: string, type = 'application/json; charset=utf-8'): string[] => check('PUT /api/items/7', body, type);
    expect(put('{"name":"a","price":1,"note":null,"parent":{"name":"b"}}')).toEqual([]);
    for (const body of ['{"price":1}', '{"name":"longer"}', '{"name":"a","price":0}', '{"name":"a","x":1}', '{"name":"a","parent":{"name":7}}', '[]']) expect(put(body)).toEqual(['7 REQUEST_BODY']);
    for (const body of ['', '{', '{"name":']) expect(put(body)).toEqual(['8 REQUEST_BODY']);
    expect(put('<a/>', 'text/xml')).toEqual(['6 REQUEST_HEADERS:Content-Type']);
    expect(check('GET /api/items/7', 'x', 'text/plain')).toEqual(['7 REQUEST_BODY']);
    const login = (body: string): string[] => check('POST /api/login', body, 'application/x-www-form-urlencoded');
    expect([login('user=a@b.example&remember=true&code=7'), login('user=nobody'), login('remember=true'), login('user=a@b.example&admin=1'), login('user=a@b.example&user=c@d.example'), login('user=a@b.example&__proto__=1')]).toEqual([[], ['7 REQUEST_BODY'], ['7 REQUEST_BODY'], ['7 REQUEST_BODY'], ['7 REQUEST_BODY'], ['7 REQUEST_BODY']]);
  });

  it('searches patterns in linear time, and refuses those it can not', () => {
    const of = (pattern: string) => requestSchema(readApiDocument(JSON.stringify({ openapi: '3.1.0', paths: { '/a': { get: { parameters: [{ name: 'q', in: 'query', schema: { type: 'string', pattern } }] } } } })));
    expect(of('^(a|aa)+$').check({ method: 'GET', target: `/a?q=${'a'.repeat(50_000)}b`, headers: [], body: '' })).toHaveLength(1);
    expect(() => of('(?<!x)y')).toThrow(/GET \/a, parameter q/);
  });

  it.each([
    ['swagger: "2.0"', /"openapi" is missing/], ['openapi: 3.0.0\npaths: {}', /no operation/], ['openapi: [', /line \d/],
    ['openapi: 3.0.0\npaths: {/a: {get: {parameters: [{$ref: "other.yaml#/x"}]}}}', /#\/paths\/~1a\/get\/parameters\/0: \$ref other.yaml#\/x: only references within/],
    ['openapi: 3.0.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: {type: strin}}]}}}', /GET \/a, parameter q/],
    ['openapi: 3.0.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: {$ref: "#/components/x"}}]}}}', /there is no such part/],
  ])('says where %s is wrong', (text, message) => expect(() => requestSchema(readApiDocument(text))).toThrow(message));

  it('are the only ones without an event, and without being stopped where that is asked for', () => {
    expect(inspected('block', true, 'GET /api/items/7')).toEqual({ stopped: undefined, rules: [], shown: [] });
    expect(inspected('block', true, 'GET /api/items/7?password=S3c')).toEqual({ stopped: 400, rules: [7_100_004], shown: ['x0x'] });
    expect(inspected('block', false, 'GET /api/nothing')).toMatchObject({ stopped: undefined, rules: [7_100_001] });
    expect(inspected('detect', true, 'GET /api/nothing')).toMatchObject({ stopped: undefined, rules: [7_100_001] });
  });

  it('answers any request', () => {
    const text = fc.oneof(fc.string(), fc.constantFrom('/api/items/7', '/api/login', '?lang=en', '&tag[]=', '__proto__', '{"name":{}}', '%', '%00', '../'));
    fc.assert(fc.property(fc.constantFrom('GET', 'PUT', 'POST', 'X'), fc.array(text), fc.array(text), fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', '', 'a/b'), (method, target, body, type) => {
      expect(schema.check({ method, target: Buffer.from(`/${target.join('')}`).toString('latin1'), headers: [{ name: 'Content-Type', value: type }], body: Buffer.from(body.join('')).toString('latin1') }).length).toBeLessThanOrEqual(20);
    }), fuzz(500));
  });
});
