import { expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readApiDocument } from '../src/openapi/document.ts';
import { createLearner } from '../src/openapi/learn.ts';
import { requestSchema } from '../src/openapi/schema.ts';

const request = (line: string, body = '', type = '') => {
  const [method = '', target = ''] = line.split(' ');
  return { method, target, headers: type === '' ? [] : [{ name: 'Content-Type', value: type }], body };
};
const form = 'application/x-www-form-urlencoded';

it('suggests a description that knows what was seen, and flags what was not', () => {
  const learner = createLearner();
  const seen = [
    request('GET /items/7?lang=en&page=2'), request('GET /items/12?lang=zh'), request('POST /login', 'user=anna&pin=0123', form), request('POST /login', 'user=bo&pin=1234', form),
    request('PUT /items/3', '{"name":"a b","price":1.5,"live":true}', 'application/json'), request('PUT /items/4', '{"name":"cd","price":2,"live":false}', 'application/json'), request('GET /a?t=x&t=y'), request('GET /a?t=z'),
  ];
  for (const one of [...seen, request('GET /once')]) learner.take(one);
  const document = learner.document('shop', 2) as { paths: Record<string, { get?: { parameters: unknown[] } }> };
  expect(Object.keys(document.paths)).toEqual(['/a', '/items/{p1}', '/login']);
  expect(document.paths['/items/{p1}']!.get!.parameters).toEqual([
    { name: 'p1', in: 'path', required: true, schema: { type: 'integer', minimum: 0 } }, { name: 'lang', in: 'query', required: true, schema: { type: 'string', minLength: 1, maxLength: 4, pattern: '^[a-z]*$' } },
    { name: 'page', in: 'query', required: false, schema: { type: 'integer', minimum: 0 } },
  ]);
  const schema = requestSchema(readApiDocument(stringify(document)));
  for (const one of seen) expect(schema.check(one)).toEqual([]);
  const flagged = [request('GET /once'), request("GET /items/7?lang=en'--"), request('GET /items/7?lang=en&x=1'), request('POST /login', 'user=anna&pin=0123&admin=1', form), request('PUT /items/3', '{"name":"a","price":"1 or 1","live":true}', 'application/json'), request('GET /items/x?lang=en')];
  for (const one of flagged) expect(schema.check(one)).toHaveLength(1);
});
