import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressText } from '../src/descriptor/address.ts';
import { parseSocketAddress } from '../src/descriptor/sockaddr.ts';
import { parseHosts, parsePasswd } from '../src/names/passwd.ts';

test.each([
  ['00000000000000000000000000000001', '::1'],
  ['20010db8000000000000000000000001', '2001:db8::1'],
  ['20010db8000100000001000000000001', '2001:db8:1:0:1::1'],
  ['00000000000000000000ffff7f000001', '127.0.0.1'],
  ['00000000000000000000000000000000', '::'],
])('%s is written %s', (hex, text) => {
  expect(addressText(Buffer.from(hex, 'hex'), 0, true)).toBe(text);
});

test('every v6 address is written so that others read the same one', () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
    const text = addressText(Buffer.from(bytes), 0, true);
    if (!text.includes('.')) expect(isIPv6(text) && new URL(`http://[${text}]`).hostname === `[${text}]`).toBe(true);
  }));
});

test('socket addresses of any bytes are read or unknown', () => {
  expect(parseSocketAddress(Buffer.from([2, 0, 1, 0xbb, 10, 0, 0, 1]))).toEqual({ family: 'inet', v6: false, endpoint: { ip: '10.0.0.1', port: 443 } });
  expect(parseSocketAddress(Buffer.from('\u0001\0/run/docker.sock\0rest', 'latin1'))).toEqual({ family: 'unix', path: '/run/docker.sock' });
  fc.assert(fc.property(fc.uint8Array({ maxLength: 130 }), (bytes) => void parseSocketAddress(Buffer.from(bytes))));
});

test('passwd and hosts files give their first word', () => {
  expect(parsePasswd('root:x:0:0::/root:/bin/sh\nbroken\ntoor:x:0:0::/:/bin/false\nwww-data:x:33:33::/var/www:/bin/false').get(0)).toEqual({ name: 'root', home: '/root', shell: '/bin/sh' });
  expect(parseHosts('10.0.0.1 API api.local # here\nnonsense x').get('api')).toEqual(['10.0.0.1']);
});
