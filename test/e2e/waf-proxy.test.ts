import { once } from 'node:events';
import http from 'node:http';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { baseSettings } from '@palisade/app-waf/serve/settings';
import { startWorker } from '@palisade/app-waf/serve/worker';
import type { RunningWorker, WorkerSettings } from '@palisade/app-waf/serve/worker';
import type { WafEvent } from '@palisade/app-waf/inspection/event';
import { WafRecording } from '@palisade/model/waf-recording';
import { loadRules } from '@palisade/waf/load';
import type { RuleSet } from '@palisade/waf/load';

const ownRules = `
SecRule ARGS "@contains attack" "id:1,phase:2,deny,status:403,msg:'An attack',severity:CRITICAL,tag:'attack-test'"
SecRule REQUEST_HEADERS:X-Bad "@rx ." "id:2,phase:1,deny,status:406,msg:'A bad header'"
SecRule RESPONSE_BODY "@contains secret-number" "id:3,phase:4,deny,status:502,msg:'A leak'"
SecRule ARGS:goto "@contains elsewhere" "id:4,phase:2,redirect:http://example.invalid/stop,msg:'Moved'"
SecRule ARGS:password "@contains hunter" "id:5,phase:2,pass,log,msg:'Known password'"
`;
function rules(text = ownRules): RuleSet {
  const { ruleSet, problems } = loadRules([{ name: 'base', text: baseSettings(1) }, { name: 'own', text }], { read: () => '', glob: () => [] });
  expect(problems).toEqual([]);
  return ruleSet;
}

let application: http.Server;
let seen: string[] = [];
let upgraded = 0;
const events: WafEvent[] = [];
const workers: RunningWorker[] = [];

beforeAll(async () => {
  application = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      seen.push(`${request.method} ${request.url} ${body.length}`);
      if (request.url === '/leak') return void response.setHeader('content-type', 'text/plain').end('the secret-number is 7');
      if (request.url === '/leak-gzip') return void response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' }).end(gzipSync('the secret-number is 7'));
      if (request.url === '/big') return void response.setHeader('content-type', 'application/octet-stream').end(Buffer.alloc(3_000_000, 7));
      if (request.url === '/cut') return void response.writeHead(200, { 'content-length': '100' }).end('short', () => response.socket?.destroy());
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ method: request.method, url: request.url, length: body.length, headers: request.headers }));
    });
  });
  application.on('upgrade', (_, socket: Socket) => {
    upgraded += 1;
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello');
    socket.on('data', (bytes: Buffer) => socket.write(`echo:${bytes.toString()}`));
  });
  application.listen(0, '127.0.0.1');
  await once(application, 'listening');
});

afterAll(async () => {
  await Promise.all(workers.map((worker) => worker.close(0)));
  application.closeAllConnections();
  application.close();
});

const port = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

async function worker(change: Partial<WorkerSettings> = {}, ruleSet = rules()): Promise<{ at: number; running: RunningWorker }> {
  const running = await startWorker({ site: 'shop', listen: { host: '127.0.0.1', port: 0 }, upstream: { host: '127.0.0.1', port: port(application) }, mode: 'block', forwarded: true, trusted: [], uninspected: 'relay', proxyProtocol: false, tls: undefined, shared: false, record: undefined, api: undefined, routes: [], ...change }, ruleSet, (event) => void events.push(event), () => undefined);
  workers.push(running);
  return { at: Number(running.address.split(':').at(-1)), running };
}

/** Sends bytes, waits for the connection's end (or a moment of silence) and answers all that came back. */
async function raw(at: number, ...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(at, '127.0.0.1');
  let got = '';
  socket.on('data', (bytes: Buffer) => void (got += bytes.toString('latin1')));
  socket.on('error', () => undefined);
  for (const piece of pieces) {
    socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece);
    await sleep(20);
  }
  for (let quiet = 0, length = -1; quiet < 6 && !socket.closed; quiet = got.length === length ? quiet + 1 : 0) {
    length = got.length;
    await sleep(50);
  }
  socket.destroy();
  return got;
}
const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nHost: shop\r\n${headers}\r\n`;

describe('the proxy in front of an application', () => {
  it('passes ordinary traffic unchanged over one connection, and tells who asked', async () => {
    const { at } = await worker();
    seen = [];
    const got = await raw(at, get('/a?b=1', 'X-Forwarded-For: 9.9.9.9\r\n') + get('/b'), 'POST /c HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nx=1\r\n', '0\r\n\r\nHEAD /d HTTP/1.1\r\nHost: shop\r\n\r\n');
    expect(seen).toEqual(['GET /a?b=1 0', 'GET /b 0', 'POST /c 3', 'HEAD /d 0']);
    expect(got.match(/HTTP\/1\.1 200/g)).toHaveLength(4);
    expect(got).toContain('"x-forwarded-for":"127.0.0.1"');
    expect(got).not.toContain('9.9.9.9');
  });

  it('stops an attack before the application sees it, with a reference that is the event\'s id', async () => {
    const { at } = await worker();
    seen = [];
    const got = await raw(at, get('/a?q=attack', 'Accept: application/json\r\n') + get('/after'));
    expect(got).toMatch(/^HTTP\/1\.1 403 Forbidden/);
    const reference = (JSON.parse(/\{"error".*?\}/.exec(got)![0]) as { reference: string }).reference;
    expect(events.find((event) => event.id === reference)).toMatchObject({ site: 'shop', action: 'blocked', status: 403, path: '/a', matches: [{ rule: 1, severity: 'critical', variable: 'ARGS:q', bytes: 'attack' }], scores: { bySeverity: { critical: 5 } } });
    expect(seen).toEqual(['GET /after 0']);
  });

  it('finds it in bodies: form, chunked over pieces, compressed', async () => {
    const { at } = await worker();
    seen = [];
    const form = 'Content-Type: application/x-www-form-urlencoded\r\n';
    expect(await raw(at, `POST / HTTP/1.1\r\nHost: s\r\n${form}Content-Length: 8\r\n\r\nq=at`, 'tack')).toMatch(/^HTTP\/1\.1 403/);
    expect(await raw(at, `POST / HTTP/1.1\r\nHost: s\r\n${form}Transfer-Encoding: chunked\r\n\r\n4\r\nq=at\r\n`, '4\r\ntack\r\n0\r\n\r\n')).toMatch(/^HTTP\/1\.1 403/);
    const packed = gzipSync('q=attack');
    expect(await raw(at, `POST / HTTP/1.1\r\nHost: s\r\n${form}Content-Encoding: gzip\r\nContent-Length: ${packed.length}\r\n\r\n`, packed)).toMatch(/^HTTP\/1\.1 403/);
    expect(await raw(at, `POST / HTTP/1.1\r\nHost: s\r\n${form}Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc`)).toMatch(/^HTTP\/1\.1 415/);
    expect(seen).toEqual([]);
  });

  it('ends a request whose rules take too long, with an event, and serves the others', async () => {
    // Each search takes half a million counted steps, 40 rules and 250 values of them: minutes, without the budget.
    const slow = Array.from({ length: 40 }, (_, at) => `SecRule ARGS "@rx (?<!${at})(a|aa)+(?=b)" "id:${at + 100},phase:2,pass,log"`).join('\n');
    const { at } = await worker({}, rules(`${slow}\n${ownRules}`));
    seen = [];
    const before = events.length;
    const form = Array.from({ length: 250 }, () => `q=${'a'.repeat(200)}`).join('&');
    const answers = await Promise.all([raw(at, `POST /slow HTTP/1.1\r\nHost: s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`), raw(at, get('/fast?q=b')), raw(at, get('/fast?q=attack'))]);
    expect(answers.map((text) => text.slice(9, 12))).toEqual(['503', '200', '403']);
    expect(events.slice(before).map(({ path, action, gaps }) => `${path} ${action} ${gaps.some(({ kind }) => kind === 'limit-time')}`).sort()).toEqual(['/fast blocked false', '/slow blocked true']);
    expect(seen).toEqual(['GET /fast?q=b 0']);
  });

  it('records requests with their secrets masked, and flags those outside the API description', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'palisade-record-'));
    const file = path.join(folder, 'seen.ndjson');
    const text = JSON.stringify({ openapi: '3.1.0', paths: { '/login': { post: { requestBody: { content: { 'application/x-www-form-urlencoded': { schema: { type: 'object', properties: { user: { type: 'string' }, password: { type: 'string' } }, additionalProperties: false } } } } } } } });
    const { at } = await worker({ record: { file, most: 1 << 20 }, api: { text, stop: true } });
    seen = [];
    const before = events.length;
    const post = (body: string): string => `POST /login HTTP/1.1\r\nHost: s\r\nAuthorization: Bearer abc\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    expect(await raw(at, post('user=eve&password=S3c'))).toMatch(/^HTTP\/1\.1 200/);
    expect(await raw(at, post('user=eve&admin=1'))).toMatch(/^HTTP\/1\.1 400/);
    expect(await raw(at, get('/other'))).toMatch(/^HTTP\/1\.1 400/);
    expect(seen).toEqual(['POST /login 21']);
    expect(events.slice(before).map(({ path: where, action, matches }) => `${where} ${action} ${matches.map(({ rule }) => rule).join(' ')}`)).toEqual(['/login blocked 7100007', '/other blocked 7100001']);
    const recorded = readFileSync(file, 'utf8').trim().split('\n').map((line) => WafRecording.parse(JSON.parse(line)));
    expect(recorded.map(({ body, status }) => `${Buffer.from(body, 'base64').toString()} ${status}`)).toEqual(['user=eve&password=x0x 200', 'user=eve&admin=1 400', ' 400']);
    expect(recorded[0]!.headers.map(([name, value]) => `${name}: ${Buffer.from(value, 'base64').toString()}`)).toContain('Authorization: Bearer xxx');
    rmSync(folder, { recursive: true });
  });

  it('takes the mode that a route asks for', async () => {
    const { at } = await worker({ routes: [{ path: '/lab/*', methods: ['GET'], mode: 'detect' }, { path: '/health', mode: 'off' }] });
    const before = events.length;
    const answers = await Promise.all(['/lab/x?q=attack', '/health?q=attack', '/laboratory?q=attack'].map((where) => raw(at, get(where))));
    expect(answers.map((text) => text.slice(9, 12))).toEqual(['200', '200', '403']);
    expect(events.slice(before).map(({ path: where, action, mode }) => `${where} ${action} ${mode}`).sort()).toEqual(['/lab/x logged detect', '/laboratory blocked block']);
  });

  it('only watches in detect mode, and redirects or cuts where a rule says so', async () => {
    const { at } = await worker({ mode: 'detect' });
    expect(await raw(at, get('/x?q=attack'))).toMatch(/^HTTP\/1\.1 200/);
    expect(events.at(-1)).toMatchObject({ action: 'logged', mode: 'detect', status: 200, matches: [{ rule: 1 }] });
    const { at: blocking } = await worker();
    expect(await raw(blocking, get('/x?goto=elsewhere'))).toMatch(/^HTTP\/1\.1 302 [^]*Location: http:\/\/example\.invalid\/stop/);
    expect(await raw(blocking, get('/x', 'X-Bad: 1\r\n'))).toMatch(/^HTTP\/1\.1 406/);
  });

  it('keeps answers back that leak, compressed ones too', async () => {
    const { at } = await worker();
    for (const path of ['/leak', '/leak-gzip']) {
      const got = await raw(at, get(path));
      expect(got).toMatch(/^HTTP\/1\.1 502/);
      expect(got).not.toContain('secret-number');
    }
  });

  it('refuses smuggling before anything reaches the application, with an event', async () => {
    const { at } = await worker();
    seen = [];
    const before = events.length;
    for (const text of [
      'POST / HTTP/1.1\r\nHost: s\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n',
      'POST / HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: s\r\nX: 1\n\nGET /smuggled HTTP/1.1\r\nHost: s\r\n\r\n',
      'GET / HTTP/1.1\r\nHost: s\r\n X: 1\r\n\r\n',
    ]) {
      expect(await raw(at, text)).toMatch(/^HTTP\/1\.1 (?:400|501) [^]*Connection: close/);
    }
    expect(seen).toEqual([]);
    expect(events.slice(before).map((event) => event.gaps[0]?.kind)).toEqual(['http-length-and-chunked', 'http-transfer-coding', 'http-bare-line-end', 'http-obs-fold']);
  });

  it('takes "Upgrade: h2c" out and passes WebSocket on as a gap', async () => {
    const { at } = await worker();
    expect(await raw(at, get('/a', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n'))).toMatch(/^HTTP\/1\.1 200 (?![^]*"upgrade")(?![^]*http2-settings)/);
    const got = await raw(at, get('/chat', 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n'), 'ping');
    expect(got).toMatch(/^HTTP\/1\.1 101 [^]*helloecho:ping$/);
    expect(upgraded).toBe(1);
    expect(events.at(-1)).toMatchObject({ action: 'passed', gaps: [{ kind: 'websocket' }] });
    expect(await raw(at, get('/chat?q=attack', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'))).toMatch(/^HTTP\/1\.1 403/);
    expect(upgraded).toBe(1);
  });

  it('relays what is not HTTP as a gap, or refuses it', async () => {
    const echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { at } = await worker({ upstream: { host: '127.0.0.1', port: port(echo) } });
    expect(await raw(at, Buffer.from([0x16, 3, 1, 0, 1]))).toBe('\x16\x03\x01\x00\x01');
    expect(events.at(-1)).toMatchObject({ action: 'passed', gaps: [{ kind: 'blind-tls' }] });
    const { at: strict } = await worker({ upstream: { host: '127.0.0.1', port: port(echo) }, uninspected: 'refuse' });
    expect(await raw(strict, Buffer.from([0, 0, 1]))).toBe('');
    expect(events.at(-1)).toMatchObject({ action: 'blocked', gaps: [{ kind: 'uninspected-tcp' }] });
    echo.close();
  });

  it('answers 100-continue itself, streams what is longer than the limit, says when the application is away', async () => {
    const { at } = await worker();
    const got = await raw(at, 'POST / HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n', 'x=1');
    expect(got).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 (?![^]*expect)/);
    expect((await raw(at, get('/big'))).length).toBeGreaterThan(3_000_000);
    const { at: away } = await worker({ upstream: { host: '127.0.0.1', port: 1 } });
    expect(await raw(away, get('/'))).toMatch(/^HTTP\/1\.1 502 Bad Gateway[^]*does not answer/);
    const cut = await raw(at, get('/cut'));
    expect(cut).toMatch(/^HTTP\/1\.1 200 [^]*short$/);
  });

  it('cuts a connection to the application on which bytes follow the answer', async () => {
    let closed = false;
    const talkative = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('close', () => void (closed = true));
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n'));
    }).listen(0, '127.0.0.1');
    await once(talkative, 'listening');
    const { at } = await worker({ upstream: { host: '127.0.0.1', port: port(talkative) } });
    expect(await raw(at, get('/'))).toMatch(/\r\n\r\nok$/);
    await expect.poll(() => closed, { timeout: 2_000 }).toBe(true);
    talkative.close();
  });

  it('masks what a person typed, and keeps requests under way with their rules when these are replaced', async () => {
    const { at, running } = await worker();
    await raw(at, 'POST / HTTP/1.1\r\nHost: s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 17\r\n\r\npassword=hunter22');
    expect(events.at(-1)).toMatchObject({ matches: [{ rule: 5, variable: 'ARGS:password', bytes: 'xxxxxx' }] });
    expect(JSON.stringify(events.at(-1))).not.toContain('hunter');
    running.replace(rules('SecRule ARGS "@contains other" "id:9,phase:2,deny,status:403"'));
    expect(await raw(at, get('/?q=attack'))).toMatch(/^HTTP\/1\.1 200/);
    expect(await raw(at, get('/?q=other'))).toMatch(/^HTTP\/1\.1 403/);
  });

  it('ends TLS where the site has a certificate, and believes a PROXY head about who asks', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'palisade-waf-tls-'));
    try {
      execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', '-subj', '/CN=shop', '-keyout', path.join(folder, 'key'), '-out', path.join(folder, 'cert')], { stdio: 'ignore' });
      const tls = { cert: readFileSync(path.join(folder, 'cert'), 'utf8'), key: readFileSync(path.join(folder, 'key'), 'utf8') };
      const { at } = await worker({ tls });
      const ask = async (target: string): Promise<string> => {
        const socket = connectTls({ port: at, host: '127.0.0.1', rejectUnauthorized: false });
        let got = '';
        socket.setEncoding('latin1').on('data', (text: string) => void (got += text));
        socket.write(get(target, 'Connection: close\r\n'));
        await once(socket, 'close');
        return got;
      };
      expect(await ask('/t')).toMatch(/^HTTP\/1\.1 200 [^]*"x-forwarded-proto":"https"/);
      expect(await ask('/t?q=attack')).toMatch(/^HTTP\/1\.1 403/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    const { at } = await worker({ proxyProtocol: true });
    expect(await raw(at, 'PROXY TCP4 192.0.2.7 ', `192.0.2.1 5000 80\r\n${get('/p')}`)).toContain('"x-forwarded-for":"192.0.2.7"');
    const v2 = Buffer.concat([Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c', 'latin1'), Buffer.from([192, 0, 2, 9, 192, 0, 2, 1, 0x13, 0x88, 0, 80])]);
    expect(await raw(at, v2, get('/p?q=attack'))).toMatch(/^HTTP\/1\.1 403/);
    expect(events.at(-1)).toMatchObject({ client: '192.0.2.9' });
    expect(await raw(at, get('/p'))).toBe('');
  });

  it('keeps the old rules when new ones do not load', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'palisade-waf-serve-'));
    const file = path.join(folder, 'own.conf');
    writeFileSync(file, ownRules);
    const root = path.resolve(import.meta.dirname, '../..');
    const serving = spawn(path.join(root, 'palisade'), ['waf', 'serve', '--listen', '127.0.0.1:0', '--upstream', `http://127.0.0.1:${port(application)}`, '--rules', file, '--mode', 'block'], { env: { ...process.env, PALISADE_DEV: '1', LANG: 'C' }, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    serving.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
    const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (let tries = 0; tries < 300; tries += 1) {
        const found = pattern.exec(said);
        if (found !== null) return found;
        await sleep(100);
      }
      throw new Error(`${String(pattern)} was not said: ${said}`);
    };
    try {
      const at = Number((await until(/block on 127\.0\.0\.1:(\d+)/))[1]);
      expect(await raw(at, get('/?q=attack'))).toMatch(/^HTTP\/1\.1 403/);
      writeFileSync(file, 'SecRule ARGS "@noSuchOperator x" "id:1,phase:2,deny"\n');
      serving.kill('SIGHUP');
      await until(/the old rules stay at work: .*own\.conf:1: .*noSuchOperator/s);
      expect(await raw(at, get('/?q=attack'))).toMatch(/^HTTP\/1\.1 403/);
      writeFileSync(file, 'SecRule ARGS "@contains other" "id:1,phase:2,deny,status:403"\n');
      serving.kill('SIGHUP');
      await until(/rules read again/);
      expect(await raw(at, get('/?q=attack'))).toMatch(/^HTTP\/1\.1 200/);
    } finally {
      serving.kill('SIGTERM');
      await once(serving, 'exit');
      rmSync(folder, { recursive: true, force: true });
    }
    expect(serving.exitCode).toBe(0);
  });
});
