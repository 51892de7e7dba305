import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, chmodSync, rmSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { startConsole } from '@palisade/app-console/start';
import type { RunningConsole } from '@palisade/app-console/start';
import { readSettings } from '@palisade/app-console/settings';
import { EnrolAnswer, decodeJoinToken, gatewayServerName } from '@palisade/model/wire';
import type { Item } from '@palisade/model/wire';
import type { Preventable } from '@palisade/verdict/response/compile';

/** Any JSON, to be looked into and compared; cast where a list or text is worked on. */
export type Answer = { [key: string]: Answer };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A folder a console may use as its home, reachable by the user the embedded Postgres runs as. */
export function consoleHome(): { home: string; remove(): void } {
  const home = mkdtempSync(path.join(tmpdir(), 'palisade-console-'));
  chmodSync(home, 0o711);
  return { home, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** A console in this process on free ports; its log lines are kept in `log`. `web`: the folder of built pages. */
export async function consoleHere(env: Readonly<Record<string, string>>, web?: string, fetchFrom?: typeof fetch, runtimeRules?: () => readonly Preventable[]): Promise<RunningConsole & { log: string[] }> {
  const log: string[] = [];
  const settings = readSettings({ PALISADE_LISTEN: '127.0.0.1:0', PALISADE_AGENT_LISTEN: '127.0.0.1:0', ...env });
  const running = await startConsole(settings, { version: '0.0.0-test', web, ...(fetchFrom === undefined ? {} : { fetch: fetchFrom }), ...(runtimeRules === undefined ? {} : { runtimeRules }), log: { write: (line) => void log.push(line) } });
  return { ...running, log };
}

export type Person = { call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<{ status: number; body: Answer }>; cookie: string; csrf: string };

/** Signs in (or sets up, with a first-run link) and calls the API as that person. */
export async function person(url: string, how: { setup?: string; name: string; password: string }): Promise<Person> {
  const token = how.setup === undefined ? undefined : new URL(how.setup).searchParams.get('token');
  const response = await fetch(`${url}/api/v1/${token === undefined ? 'session' : 'setup'}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: how.name, password: how.password, ...(token === undefined ? {} : { token }) }),
  });
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { csrf } = (await response.json()) as { csrf: string };
  return { cookie, csrf, call: (method, where, body, headers) => callApi(url, method, where, body, { cookie, 'x-csrf-token': csrf, ...headers }) };
}

/** One call of the API, JSON in and out. */
export async function callApi(url: string, method: string, where: string, body?: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: Answer }> {
  const init: RequestInit = { method, headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) } };
  if (body !== undefined) init.body = JSON.stringify(body);
  const response = await fetch(`${url}/api/v1${where}`, init);
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer) };
}

export type TestAgent = EnrolAnswer & {
  key: string;
  post(url: string, items: readonly Item[]): Promise<{ status: number; body: Answer }>;
  request(url: string, method: string, where: string, body?: unknown): Promise<{ status: number; body: Answer }>;
  /** Opens the command stream; `lines` grows until `close`. */
  stream(url: string): { lines: Answer[]; close(): void; ended: Promise<void> };
};

/** Enrols with a join token as the real agent does: CA by fingerprint, own key, signing request. */
export async function enrolAgent(joinText: string, node: string): Promise<TestAgent> {
  const token = decodeJoinToken(joinText);
  const ca = await new Promise<string>((resolve, reject) => {
    https.get(`${token.url}/agent/v1/ca`, { rejectUnauthorized: false, servername: gatewayServerName }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => resolve(text));
    }).on('error', reject);
  });
  const { csr, key } = await signingRequest();
  const answer = await send(token.url, { ca }, 'POST', '/agent/v1/enrol', JSON.stringify({ secret: token.secret, csr, node: { name: node }, version: 'test' }), { 'content-type': 'application/json' });
  if (answer.status !== 200) throw new Error(`enrol: ${answer.status} ${JSON.stringify(answer.body)}`);
  const identity = EnrolAnswer.parse(answer.body);
  const tls = { ca, key, cert: identity.certificate };
  return {
    ...identity,
    key,
    post: (url, items) =>
      send(url, tls, 'POST', '/agent/v1/items', gzipSync(items.map((item) => JSON.stringify(item)).join('\n')), { 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' }),
    request: (url, method, where, body) => send(url, tls, method, where, body === undefined ? undefined : JSON.stringify(body), body === undefined ? {} : { 'content-type': 'application/json' }),
    stream(url) {
      const lines: Answer[] = [];
      let close = (): void => undefined;
      const ended = new Promise<void>((resolve) => {
        const request = https.get(`${url}/agent/v1/commands`, { ...tls, servername: gatewayServerName, agent: false }, (response) => {
          let rest = '';
          response.on('data', (chunk: Buffer) => {
            const parts = (rest + chunk.toString()).split('\n');
            rest = parts.pop() ?? '';
            for (const part of parts) lines.push(JSON.parse(part) as Answer);
          });
          response.on('close', () => resolve());
        });
        request.on('error', () => resolve());
        close = () => request.destroy();
      });
      return { lines, close, ended };
    },
  };
}

/** A console in this process, its first administrator ada, and an agent of the cluster "lab". */
export type Lab = { readonly running: Awaited<ReturnType<typeof consoleHere>>; readonly ada: Person; readonly agent: TestAgent; readonly join: string; end(): Promise<void> };

export async function startLab(env: Readonly<Record<string, string>> = {}): Promise<Lab> {
  const place = consoleHome();
  const running = await consoleHere({ PALISADE_HOME: place.home, ...env });
  const ada = await person(running.url, { setup: running.firstRun ?? '', name: 'ada', password: 'correct horse battery' });
  const join: unknown = (await ada.call('POST', '/join-tokens', { cluster: 'lab' })).body['token'];
  const agent = await enrolAgent(String(join), 'node-1');
  return {
    running, ada, agent, join: String(join),
    async end() {
      await running.stop();
      place.remove();
    },
  };
}

/** A fresh key and its PKCS#10 request, both PEM. */
export async function signingRequest(): Promise<{ csr: string; key: string }> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pkcs8 = pair.privateKey.export({ type: 'pkcs8', format: 'der' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  const { subtle } = globalThis.crypto;
  const keys = { privateKey: await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['sign']), publicKey: await subtle.importKey('spki', spki, algorithm, true, ['verify']) };
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ name: 'CN=agent', keys, signingAlgorithm: algorithm }, globalThis.crypto);
  return { csr: request.toString('pem'), key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

function send(url: string, tls: { ca: string; key?: string; cert?: string }, method: string, where: string, body: string | Buffer | undefined, headers: Record<string, string>): Promise<{ status: number; body: Answer }> {
  return new Promise((resolve, reject) => {
    const request = https.request(`${url}${where}`, { method, ...tls, servername: gatewayServerName, agent: false, headers, timeout: 20_000 }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        try {
          resolve({ status: response.statusCode ?? 0, body: text === '' ? {} : (JSON.parse(text) as Answer) });
        } catch (error) {
          reject(error);
        }
      });
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('timeout')));
    request.on('error', reject);
    request.end(body);
  });
}
