import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '@palisade/waf/body/json';
import { fuzz } from '../../../test/fuzz.ts';
import { maskFor } from '../src/inspection/mask.ts';
import { maskRequest } from '../src/record/mask-request.ts';

const type = (value: string) => [{ name: 'Content-Type', value }];

describe('a recorded request', () => {
  it('keeps no credentials, cookies or tokens, and all syntax', () => {
    const { target, headers, masked } = maskRequest('/a?user=anna&password=S3cret%21&sort=1', [{ name: 'Authorization', value: 'Bearer abc.DEF-7' }, { name: 'Cookie', value: 'sid=a1b2; theme=dark' }, { name: 'X-Api-Key', value: 'k9' }, { name: 'X-Trace', value: 'eyJhbGciOi.eyJzdWIiOi.sig' }, { name: 'Referer', value: 'http://h/?token=q7&x=1' }, { name: 'User-Agent', value: 'curl/8' }], '');
    expect(target).toBe('/a?user=anna&password=x0xxxx%21&sort=1');
    expect(headers.map(({ value }) => value)).toEqual(['Bearer xxx.xxx-0', 'sid=x0x0; theme=xxxx', 'x0', 'xxxxxxxxxx.xxxxxxxxxx.xxx', 'http://h/?token=x0&x=1', 'curl/8']);
    expect(masked).toEqual(expect.arrayContaining(['password', 'Authorization', 'X-Api-Key', 'token', 'Cookie: sid']));
  });
  it.each([
    ['application/x-www-form-urlencoded', 'name=Eve&pwd=%41b1&note=it', 'name=Eve&pwd=%78x0&note=it'],
    ['application/json', '{"user":"eve","password":"a\\"B\\u0041c9","credentials":{"id":"q7","n":[12,true]},"note":"x1"}', '{"user":"eve","password":"x\\"x\\u0078x1","credentials":{"id":"x1","n":[11,true]},"note":"x1"}'],
    ['text/xml', '<a token="z9"><user>eve</user><password>S3&amp;c</password><p><![CDATA[k1]]></p></a>', '<a token="x0"><user>eve</user><password>x0&amp;x</password><p><![CDATA[k1]]></p></a>'],
    ['multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nS3c\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nS3c\r\n--b--\r\n', '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nx0x\r\n--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nS3c\r\n--b--\r\n'],
    ['application/octet-stream', 'password=1', undefined],
  ])('masks secrets in %s', (mime, body, kept) => {
    expect(maskRequest('/', type(mime), body).body).toBe(kept);
  });
  it('never lets a value below a secret name through, and stays JSON', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (open, secret) => {
      const text = Buffer.from(JSON.stringify({ open, password: { deep: secret }, after: open }), 'utf8').toString('latin1');
      const body = maskRequest('/', type('application/json'), text).body!;
      const limits = { depth: 100, leaves: 10_000 };
      const [before, after] = [parseJson(text, limits), parseJson(body, limits)];
      expect(after.error).toBeUndefined();
      expect(after.parameters.filter(({ name, value }) => name.startsWith('json.password') && /[a-wyzA-Z2-9]/.test(value) && !['true', 'false'].includes(value)).filter(({ value }) => !/^-?1[.1]*e[+-]?1+$/.test(value))).toEqual([]);
      expect(after.parameters.length).toBe(before.parameters.length);
    }), fuzz(200));
  });
  it('masks in events what it masks in recordings', () => {
    expect(['REQUEST_HEADERS:Authorization', 'ARGS:user.password', 'REQUEST_COOKIES:x', 'ARGS_POST:json.token', 'REQUEST_HEADERS:X-Session', 'ARGS:author', 'REQUEST_URI'].map((name) => maskFor(name)('a1-'))).toEqual(['x0-', 'x0-', 'x0-', 'x0-', 'x0-', 'a1-', 'a1-']);
  });
});
