import http from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WafEvent } from '@palisade/model/waf-event';
import { memoryStore } from '@palisade/waf/engine/store';
import { loadRules } from '@palisade/waf/load';
import { fuzz } from '../../../test/fuzz.ts';
import { newStats, siteRules } from '../src/inspection/site.ts';
import type { Site } from '../src/inspection/site.ts';
import { serveHttp1 } from '../src/proxy/connection.ts';
import type { UpstreamPool, UpstreamUser } from '../src/proxy/upstream.ts';

// Every request and its body become an event; nothing is stopped, so what differs differs by the reading of bytes alone.
const { ruleSet, problems } = loadRules(
  [{ name: 'see', text: 'SecRuleEngine On\nSecRequestBodyAccess On\nSecRequestBodyLimit 100000\nSecAction "id:1,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"\nSecRule REQUEST_LINE "@rx ^.*$" "id:2,phase:1,pass,log"\nSecRule REQUEST_BODY "@rx ^[^\\x00]*" "id:3,phase:2,pass,log"' }],
  { read: () => '', glob: () => [] },
);

type Seen = { /** What the firewall let through, as it read it. */ readonly passed: readonly string[]; readonly refused: readonly string[]; /** What the application read. */ readonly application: readonly string[] };

/** Sends bytes in pieces through a connection of the proxy to an application that reads with llhttp. */
async function through(pieces: readonly string[], lenient: boolean): Promise<Seen> {
  expect(problems).toEqual([]);
  const events: WafEvent[] = [];
  const application: string[] = [];
  const server = http.createServer({ insecureHTTPParser: lenient, requireHostHeader: false, keepAliveTimeout: 0 }, (request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      application.push(`${request.method} ${request.url} HTTP/${request.httpVersion}|${Buffer.concat(parts).toString('latin1')}`);
      response.end('ok');
    });
  });
  const connections: Duplex[] = [];
  const upstream: UpstreamPool = {
    acquire(_, found) {
      const [ours, theirs] = duplexPair();
      ours.allowHalfOpen = false;
      connections.push(ours, theirs);
      let user: UpstreamUser | undefined;
      ours.on('data', (chunk: Buffer) => user?.data(chunk));
      ours.on('close', () => user?.gone(undefined));
      ours.on('error', () => undefined);
      theirs.on('error', () => undefined);
      server.emit('connection', theirs);
      found(undefined, { socket: ours as Socket, reused: false, use: (next) => void (user = next), release: () => ((user = undefined), void ours.destroy()) });
    },
    open: (_peer, _half, opened) => opened(new Error('nothing but HTTP here')),
    close: () => undefined,
  };
  const site: Site = {
    name: 'fuzz', rules: siteRules(ruleSet), modeOf: () => 'block', upstream, store: memoryStore(), forwarded: true, trusts: () => false, proxyProtocol: false, tls: undefined, uninspected: 'refuse',
    stats: newStats(), event: (event) => void events.push(event),
  };
  const [client, proxied] = duplexPair();
  let came = 0;
  client.on('data', (chunk: Buffer) => void (came += chunk.length));
  client.on('error', () => undefined);
  const peer = { address: '192.0.2.1', port: 1, secure: false, serverAddress: '192.0.2.2', serverPort: 80 };
  serveHttp1(proxied as Socket, peer, site, { add: () => undefined, remove: () => undefined }, Buffer.alloc(0));
  for (const piece of pieces) {
    if (!client.writable) break;
    client.write(Buffer.from(piece, 'latin1'));
    await turn();
  }
  for (let quiet = 0, before = -1; quiet < 12; quiet += 1) {
    const now = came + events.length + application.length;
    if (now !== before) quiet = 0;
    before = now;
    await turn();
  }
  for (const one of [client, proxied, ...connections]) one.destroy();
  server.close();
  await turn();
  const read = (event: WafEvent): string => {
    const bytes = (rule: number): string => event.matches.find((match) => match.rule === rule)?.bytes ?? '';
    return `${bytes(2)}|${bytes(3)}`;
  };
  return { passed: events.filter(({ action, status }) => action === 'logged' && status === 200).map(read), refused: events.filter(({ action }) => action === 'blocked').flatMap(({ gaps }) => gaps.map(({ kind }) => kind)), application };
}

const inner = 'GET /inner HTTP/1.1\r\nHost: b\r\n\r\n';

describe('what two servers could read differently reaches no application', () => {
  it.each<[string, string]>([
    ['CL.TE', `POST /o HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['TE.CL', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n1f\r\n${inner}\r\n0\r\n\r\n`],
    ['TE.TE by case and blanks', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-encoding: x\r\n\r\n0\r\n\r\n${inner}`],
    ['TE behind a vertical tab', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`],
    ['TE folded', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['TE on a line of its own', `POST /o HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['CL.0 by two lengths', `POST /o HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`],
    ['a length with a sign', `POST /o HTTP/1.1\r\nHost: a\r\nContent-Length: +${inner.length}\r\n\r\n${inner}`],
    ['a length with an underscore', `POST /o HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nContent-Length: 1_0\r\n\r\n${inner}`],
    ['a chunk size that overflows', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100000000000000005\r\nabcde\r\n0\r\n\r\n${inner}`],
    ['a chunk ended by LF', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\nabcde\n0\n\n${inner}`],
    ['a chunk extension with CR', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;\rx\r\nabcde\r\n0\r\n\r\n${inner}`],
    ['a chunk longer than it says', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcdeXX\r\n0\r\n\r\n${inner}`],
    ['chunked in HTTP/1.0', `POST /o HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${inner}`],
    ['a length taken out on the way', `POST /o HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\nConnection: Content-Length\r\n\r\n${inner}`],
    ['a name cut off by NUL', `POST /o HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\0: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${inner}`],
  ])('%s', async (_, bytes) => {
    for (const lenient of [false, true]) {
      const { application, refused } = await through([bytes], lenient);
      expect(application).toEqual([]);
      expect(refused).toHaveLength(1);
    }
  });
});

it('the application reads the requests that were inspected, and no other, whatever the bytes and however they arrive', async () => {
  const request = fc.constantFrom('GET /a HTTP/1.1\r\n', 'POST /b?c=d HTTP/1.1\r\n', 'POST /c HTTP/1.0\r\n', 'PUT http://h/x HTTP/1.1\r\n', 'HEAD / HTTP/1.1\r\n', 'OPTIONS * HTTP/1.1\r\n', 'GET /\t HTTP/1.1\r\n', '\r\nGET /z HTTP/1.1\r\n', 'get / HTTP/1.1\r\n', 'GET / HTTP/1.1\n');
  const field = fc.constantFrom('Host: a\r\n', 'Host: a\r\n', 'Host: a\r\n', 'Content-Length: 5\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Content-Length: 05\r\n', 'Content-Length: 5, 5\r\n', 'Content-Length:5 \r\n', 'content-length: 33\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: Chunked\r\n',
    'Transfer-Encoding: identity\r\n', 'Transfer-Encoding:\tchunked\t\r\n', 'Transfer-Encoding: "chunked"\r\n', 'Transfer-Encoding : chunked\r\n', ' Transfer-Encoding: chunked\r\n', 'Transfer_Encoding: chunked\r\n', 'Connection: close\r\n', 'Connection: Content-Length\r\n', 'Connection: Transfer-Encoding, keep-alive\r\n', 'Connection: Upgrade, Host\r\n', 'Upgrade: h2c\r\n', 'Expect: 100-continue\r\n', 'X-Forwarded-For: 1\r\n', 'Trailer: X\r\n', 'X: \r\n', 'X: y\r\r\n', 'X: y\n');
  const body = fc.constantFrom('', '', 'abcde', '5\r\nabcde\r\n', '0\r\n\r\n', '0\r\nX: y\r\n\r\n', '5;a=b\r\nabcde\r\n0\r\n\r\n', '05\r\nabcde\r\n0\r\n\r\n', '5 \r\nabcde\r\n0\r\n\r\n', '0\r\n', '\r\n', '0\r\nContent-Length: 9\r\n\r\n', inner);
  const message = fc.tuple(request, fc.array(field, { maxLength: 4 }), body, body).map(([line, fields, one, two]) => `${line}Host: a\r\n${fields.filter((text, at) => !text.startsWith('Host') || at === 3).join('')}\r\n${one}${two}`);
  const stream = fc.tuple(fc.array(message, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(400), { maxLength: 5 }));
  await fc.assert(
    fc.asyncProperty(stream, fc.boolean(), async ([messages, cuts], lenient) => {
      const bytes = messages.join('');
      const ends = [...new Set([...cuts.filter((cut) => cut > 0 && cut < bytes.length), bytes.length])].sort((a, b) => a - b);
      const { application, passed } = await through(ends.map((end, at) => bytes.slice(at === 0 ? 0 : ends[at - 1], end)), lenient);
      expect(application).toEqual(passed);
    }),
    fuzz(400),
  );
});
