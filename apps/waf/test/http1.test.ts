import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkedReader } from '../src/http1/chunked.ts';
import { HeadError, readRequestHead, readResponseHead } from '../src/http1/head.ts';
import { protocolOf } from '../src/proxy/accept.ts';

const codeOf = (step: () => unknown): string => {
  try {
    step();
  } catch (error) {
    if (error instanceof HeadError) return error.refusal.code;
    throw error;
  }
  return 'accepted';
};
const head = (lines: string): string => codeOf(() => readRequestHead(`POST /a HTTP/1.1\r\nHost: a${lines}`));

describe('what two servers could read differently is refused', () => {
  it.each([
    ['\r\nContent-Length: 3\r\nTransfer-Encoding: chunked', 'length-and-chunked'],
    ['\r\nTransfer-Encoding: chunked\r\nContent-Length: 3', 'length-and-chunked'],
    ['\r\nContent-Length: 3\r\nContent-Length: 4', 'two-lengths'],
    ['\r\nContent-Length: 3\r\nContent-Length: 3', 'two-lengths'],
    ['\r\nContent-Length: 3, 3', 'length-syntax'],
    ['\r\nContent-Length: +3', 'length-syntax'],
    ['\r\nContent-Length: 0x3', 'length-syntax'],
    ['\r\nContent-Length: -1', 'length-syntax'],
    ['\r\nContent-Length: ', 'length-syntax'],
    ['\r\nTransfer-Encoding: xchunked', 'transfer-coding'],
    ['\r\nTransfer-Encoding: gzip, chunked', 'transfer-coding'],
    ['\r\nTransfer-Encoding: chunked, identity', 'transfer-coding'],
    ['\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity', 'transfer-coding'],
    ['\r\nTransfer-Encoding: identity', 'transfer-coding'],
    ['\r\nTransfer-Encoding : chunked', 'blank-before-colon'],
    ['\r\nContent-Length\t: 3', 'blank-before-colon'],
    ['\r\nX: 1\r\n folded', 'obs-fold'],
    ['\r\n Transfer-Encoding: chunked', 'obs-fold'],
    ['\r\nX: 1\nTransfer-Encoding: chunked', 'bare-line-end'],
    ['\r\nX: 1\rTransfer-Encoding: chunked', 'bare-line-end'],
    ['\r\nX: a\0b', 'header-syntax'],
    ['\r\nX', 'header-syntax'],
    ['\r\n: x', 'header-syntax'],
    ['\r\nTransfer-Encoding: chunked\u000b', 'header-syntax'],
    ['\r\nHost: b', 'two-hosts'],
    ['\r\nContent-Length: 3\r\nConnection: close, Content-Length', 'connection-names-framing'],
    ['\r\nTransfer-Encoding: chunked\r\nConnection: transfer-encoding', 'connection-names-framing'],
    ['\r\nConnection: Host', 'connection-names-framing'],
  ])('%j', (lines, code) => expect(head(lines)).toBe(code));

  it.each([
    ['GET / HTTP/1.1', 'no-host'],
    ['GET / HTTP/2.0\r\nHost: a', 'version'],
    ['GET  / HTTP/1.1\r\nHost: a', 'request-line'],
    ['GET / HTTP/1.1 \r\nHost: a', 'request-line'],
    ['GET /a b HTTP/1.1\r\nHost: a', 'request-line'],
    ['GET\t/ HTTP/1.1\r\nHost: a', 'request-line'],
    ['GET /\u0001 HTTP/1.1\r\nHost: a', 'request-line'],
    ['G(T / HTTP/1.1\r\nHost: a', 'request-line'],
    ['GET / HTTP/1.1\r\r\nHost: a', 'bare-line-end'],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a', 'connect'],
    ['POST / HTTP/1.0\r\nTransfer-Encoding: chunked', 'chunked-in-1.0'],
  ])('%j', (text, code) => expect(codeOf(() => readRequestHead(text))).toBe(code));

  it('reads what is well formed', () => {
    expect(readRequestHead('POST /a?b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX: \t v \t\r\nConnection: close, X')).toMatchObject({ method: 'POST', target: '/a?b', host: 'h', framing: { kind: 'length', bytes: 5 }, keepAlive: false, connection: ['close', 'x'] });
    expect(readRequestHead('GET / HTTP/1.0\r\nConnection: keep-alive').keepAlive).toBe(true);
    expect(readRequestHead('GET / HTTP/1.1\r\nHost: h\r\nX: \t v \t').headers.at(-1)).toEqual({ name: 'X', value: 'v' });
    expect(readResponseHead('HTTP/1.1 200 OK\r\nContent-Length: 9', 'HEAD').framing.kind).toBe('none');
    expect(readResponseHead('HTTP/1.1 200\r\nServer: x', 'GET')).toMatchObject({ framing: { kind: 'close' }, keepAlive: false });
  });
});

function chunks(text: string, cut: number[] = []): { data: string; used: number; done: boolean } {
  const reader = chunkedReader();
  const bytes = Buffer.from(text, 'latin1');
  let data = '';
  let used = 0;
  let from = 0;
  for (const end of [...cut.filter((at) => at < bytes.length).sort((a, b) => a - b), bytes.length]) {
    used += reader.read(bytes.subarray(from, end), (piece) => void (data += piece.toString('latin1')));
    from = end;
    if (reader.done) break;
  }
  return { data, used, done: reader.done };
}

describe('chunked framing', () => {
  it.each([
    ['5;\n\r\nhello\r\n0\r\n\r\n', 'bare-line-end'],
    ['5\nhello\r\n0\r\n\r\n', 'bare-line-end'],
    ['5\r\nhelloX\r\n0\r\n\r\n', 'chunk-end'],
    ['0x5\r\nhello\r\n0\r\n\r\n', 'chunk-size'],
    ['-1\r\n', 'chunk-size'],
    [' 5\r\nhello\r\n0\r\n\r\n', 'chunk-size'],
    ['5 \r\nhello\r\n0\r\n\r\n', 'chunk-size'],
    ['fffffffff\r\n', 'chunk-size'],
    ['0\r\nX : y\r\n\r\n', 'trailer'],
    [`5;${'x'.repeat(5000)}`, 'chunk-line'],
  ])('refuses %j', (text, code) => expect(codeOf(() => chunks(text))).toBe(code));

  it('reads the same however the bytes arrive, and not one byte too many', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 40 }).map((text) => Buffer.from(text).toString('latin1'))), fc.array(fc.nat(400)), fc.string(), (pieces, cuts, behind) => {
        const text = `${pieces.map((piece) => `${piece.length.toString(16)};x=1\r\n${piece}\r\n`).join('')}0\r\nT: 1\r\n\r\n`;
        expect(chunks(text + Buffer.from(behind).toString('latin1'), cuts.filter((cut) => cut < text.length))).toMatchObject({ data: pieces.join(''), used: text.length, done: true });
      }),
    );
  });
});

describe('fuzz', () => {
  it('heads and chunks of any bytes end in a reading or a refusal', () => {
    const noise = fc.oneof(fc.string(), fc.array(fc.constantFrom('\r\n', '\n', '\r', ' ', ':', 'Content-Length', 'Transfer-Encoding', 'chunked', 'GET / HTTP/1.1', 'Host: a', '0', '5', ';', '\0', 'ÿ')).map((parts) => parts.join('')));
    fc.assert(
      fc.property(noise, (text) => {
        codeOf(() => readRequestHead(text));
        codeOf(() => readRequestHead(`GET / HTTP/1.1\r\nHost: a\r\n${text}`));
        codeOf(() => readResponseHead(`HTTP/1.1 200 OK\r\n${text}`, 'GET'));
        codeOf(() => chunks(Buffer.from(text).toString('latin1'), [1, 2, 3]));
        protocolOf(Buffer.from(`${text} `));
      }),
      { numRuns: 2000 },
    );
  });
});

it('tells the protocol from the first bytes', () => {
  expect(protocolOf(Buffer.from('GET / HTTP/1.1\r\n'))).toBe('http1');
  expect(protocolOf(Buffer.from('\r\nPOST /'))).toBe('http1');
  expect(protocolOf(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'))).toBe('http2');
  expect(protocolOf(Buffer.from([0x16, 3, 1, 2, 0]))).toBe('tls');
  expect(protocolOf(Buffer.from([0, 0, 0, 8, 4, 0xd2]))).toBe('tcp');
});
