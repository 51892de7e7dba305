import { createHash } from 'node:crypto';
import { chmodSync, closeSync, mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { analyseImage } from '../src/analyse.ts';
import type { Analysis } from '../src/analyse.ts';
import { credentialsFor } from '../src/source/registry/credentials.ts';
import { openRegistryPlan } from '../src/source/registry/plan.ts';
import { pullImage } from '../src/source/registry/pull.ts';
import { parseReference } from '../src/source/registry/reference.ts';
import { echo, temporaryFolder } from './reader.ts';
import { sha256, tar } from '../../../test/tar-writer.ts';

// A registry of our own on loopback, and a blob store beside it that must never see the registry's authorization.

const layerA = tar([{ name: 'want/a', body: 'a'.repeat(3000) }]);
const layerB = tar([{ name: 'want/b', body: 'two' }]);
const packedA = gzipSync(layerA, { level: 0 });
const packedB = zstdCompressSync(layerB);
const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const config = json({ architecture: 'arm64', os: 'linux', config: {}, rootfs: { type: 'layers', diff_ids: [sha256(layerA), sha256(layerB)] }, history: [{ created_by: 'COPY a /' }, { created_by: 'COPY b /' }] });
const part = (bytes: Buffer): object => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: sha256(bytes), size: bytes.length });
const manifest = json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: part(config), layers: [part(packedA), part(packedB)] });
const index = json({ schemaVersion: 2, manifests: [{ digest: `sha256:${'0'.repeat(64)}`, platform: { os: 'linux', architecture: 'amd64' } }, { digest: sha256(manifest), platform: { os: 'linux', architecture: 'arm64', variant: 'v8' } }] });

type Answer = (request: http.IncomingMessage, response: http.ServerResponse) => boolean;
let seen: { server: string; url: string; authorization?: string; range?: string }[] = [];
/** What the test wants otherwise; true: answered. */
let override: Answer = () => false;
let registry: http.Server;
let store: http.Server;
let host = '';
let storeHost = '';

const blobs = new Map([config, manifest, packedA, packedB].map((bytes) => [sha256(bytes), bytes]));
const send = (request: http.IncomingMessage, response: http.ServerResponse, bytes: Buffer): void => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
  if (from > 0) response.writeHead(206, { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` });
  response.end(bytes.subarray(from));
};
const note = (server: string, request: http.IncomingMessage): void => {
  seen.push({ server, url: request.url ?? '', ...(request.headers.authorization === undefined ? {} : { authorization: request.headers.authorization }), ...(request.headers.range === undefined ? {} : { range: request.headers.range }) });
};
const listen = (server: http.Server): Promise<string> => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`)));

beforeAll(async () => {
  registry = http.createServer((request, response) => {
    note('registry', request);
    if (override(request, response)) return;
    const blob = /\/v2\/shop\/api\/(?:blobs|manifests)\/(sha256:.*)$/.exec(request.url ?? '')?.[1];
    if (request.url === '/v2/shop/api/manifests/1.2') send(request, response, index);
    else if (blob !== undefined && blobs.has(blob)) send(request, response, blobs.get(blob) ?? Buffer.alloc(0));
    else response.writeHead(404).end();
  });
  store = http.createServer((request, response) => {
    note('store', request);
    send(request, response, blobs.get((request.url ?? '').slice(1)) ?? Buffer.alloc(0));
  });
  host = await listen(registry);
  storeHost = await listen(store);
});
beforeEach(() => {
  seen = [];
  override = () => false;
});
afterAll(() => {
  registry.closeAllConnections();
  store.closeAllConnections();
  registry.close();
  store.close();
});

const signal = new AbortController().signal;
async function pull(reference = `${host}/shop/api:1.2`, login?: { username: string; password: string; identityToken?: string }): Promise<Analysis> {
  const { plan, fd } = await pullImage(reference, { signal, insecure: [], platform: 'linux/arm64', credentials: () => Promise.resolve(login) });
  const opened = openRegistryPlan(plan, fd);
  try {
    expect(opened.image).toMatchObject({ names: [reference], digest: sha256(manifest), platform: 'linux/arm64' });
    return await analyseImage(opened, [echo], { signal });
  } finally {
    opened.close();
  }
}
const failure = async (): Promise<string> => {
  try {
    const { fd } = await pullImage(`${host}/shop/api:1.2`, { signal, insecure: [], platform: 'linux/arm64', credentials: () => Promise.resolve(undefined) });
    closeSync(fd);
    return 'pulled';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};

describe('an image of a registry', () => {
  it('is the one of the wanted platform, every byte compared with its digest', async () => {
    const analysis = await pull();
    expect(analysis.facts.map((fact) => [fact.path, fact.layer])).toEqual([['want/a', sha256(layerA)], ['want/b', sha256(layerB)]]);
    expect(analysis).toMatchObject({ status: 'complete', content: 'verified', gaps: [{ kind: 'image-not-chosen', subject: 'linux/amd64' }] });
    expect(seen.every((one) => one.authorization === undefined)).toBe(true);
  });

  it('is asked for with a token where the registry wants one', async () => {
    const login = { username: 'me', password: 'secret:with:colons' };
    override = (request, response) => {
      const url = new URL(request.url ?? '', `http://${host}`);
      if (url.pathname === '/token') {
        expect(url.searchParams.get('scope')).toBe('repository:shop/api:pull');
        expect(url.searchParams.get('service')).toBe('reg');
        if (request.headers.authorization === `Basic ${Buffer.from('me:secret:with:colons').toString('base64')}`) response.end('{"token":"t1"}');
        else response.writeHead(401).end();
        return true;
      }
      if (request.headers.authorization === 'Bearer t1') return false;
      response.writeHead(401, { 'www-authenticate': `Bearer realm="http://${host}/token",service="reg",scope="repository:shop/api:pull"` }).end();
      return true;
    };
    expect((await pull(undefined, login)).facts).toHaveLength(2);
    expect(await failure()).toContain('refuses us (401');
  });

  it('is asked for with user and password where the registry wants those', async () => {
    const basic = `Basic ${Buffer.from('me:pw').toString('base64')}`;
    override = (request, response) => {
      if (request.headers.authorization === basic) return false;
      response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
      return true;
    };
    expect((await pull(undefined, { username: 'me', password: 'pw' })).facts).toHaveLength(2);
    expect(await failure()).toContain('docker login');
  });

  it('follows to a blob store without taking the authorization along', async () => {
    override = (request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end();
        return true;
      }
      const digest = /blobs\/(sha256:.*)$/.exec(request.url ?? '')?.[1];
      if (digest === undefined) return false;
      response.writeHead(307, { location: `http://${storeHost}/${digest}` }).end();
      return true;
    };
    expect((await pull(undefined, { username: 'me', password: 'pw' })).facts).toHaveLength(2);
    const atStore = seen.filter((one) => one.server === 'store');
    expect(atStore).toHaveLength(3);
    expect(atStore.every((one) => one.authorization === undefined)).toBe(true);
  });

  it('is not fetched from where a redirect leaves encryption', async () => {
    override = (request, response) => {
      if (!(request.url ?? '').includes('blobs')) return false;
      response.writeHead(307, { location: 'http://blobs.invalid/x' }).end();
      return true;
    };
    expect(await failure()).toContain('is redirected to http://blobs.invalid, which is not https');
  });

  it('goes on where a transfer broke off', async () => {
    let broken = 0;
    override = (request, response) => {
      if (!(request.url ?? '').endsWith(sha256(packedA)) || request.headers.range !== undefined) return false;
      broken += 1;
      response.writeHead(200, { 'content-length': packedA.length });
      response.write(packedA.subarray(0, 1000));
      setTimeout(() => response.destroy(), 20);
      return true;
    };
    expect((await pull()).facts).toHaveLength(2);
    expect(broken).toBe(1);
    expect(seen.filter((one) => one.range !== undefined).map((one) => one.range)).toEqual(['bytes=1000-']);
  });

  it.each([
    ['other bytes than its digest says', (bytes: Buffer): Buffer => Buffer.concat([bytes.subarray(0, -1), Buffer.from('!')]), 'digest-mismatch', 'wrong content'],
    ['more bytes than its size says', (bytes: Buffer): Buffer => Buffer.concat([bytes, bytes]), 'digest-mismatch', 'more than its'],
    ['fewer bytes than its size says', (bytes: Buffer): Buffer => bytes.subarray(0, 500), 'layer-unavailable', 'ends after 500'],
  ])('has a gap for a layer of %s', async (_, change, kind, reason) => {
    override = (request, response) => {
      if (!(request.url ?? '').endsWith(sha256(packedA))) return false;
      response.end(change(packedA));
      return true;
    };
    const analysis = await pull();
    expect(analysis.status).toBe('partial');
    expect(analysis.facts.map((fact) => fact.path)).toEqual(['want/b']);
    expect(analysis.gaps.find((gap) => gap.kind === kind)?.reason).toContain(reason);
    expect(analysis.gaps.map((gap) => gap.kind)).toContain('layer-missing');
  });

  it.each([
    ['manifest', sha256(manifest)],
    ['config', sha256(config)],
  ])('is refused with a wrong %s', async (_, digest) => {
    override = (request, response) => {
      if (!(request.url ?? '').endsWith(digest)) return false;
      response.end('{"other": true}'.padEnd(blobs.get(digest)?.length ?? 0));
      return true;
    };
    expect(await failure()).toContain('wrong content');
  });

  it('waits as a rate limit asks, and says so where it asks too much', async () => {
    let refused = 0;
    override = (_, response) => {
      if (refused++ > 0) return false;
      response.writeHead(429, { 'retry-after': '0' }).end();
      return true;
    };
    expect((await pull()).facts).toHaveLength(2);
    override = (_, response) => {
      response.writeHead(429, { 'retry-after': '3600' }).end();
      return true;
    };
    expect(await failure()).toContain('429: rate limit');
  });

  it('that is not there, or is of another age, is named', async () => {
    override = (_, response) => {
      response.writeHead(404).end();
      return true;
    };
    expect(await failure()).toContain('does not have it (404) for manifests/1.2');
    override = (_, response) => {
      response.end('{"schemaVersion":1}');
      return true;
    };
    expect(await failure()).toContain('schema version 1');
    override = (_, response) => {
      response.end('not json');
      return true;
    };
    expect(await failure()).toContain('is no JSON');
  });
});

it('reads references as Docker does', () => {
  const digest = `sha256:${createHash('sha256').digest('hex')}`;
  expect(parseReference('debian')).toEqual({ host: 'registry-1.docker.io', name: 'library/debian', tag: 'latest' });
  expect(parseReference('docker.io/grafana/grafana:10')).toEqual({ host: 'registry-1.docker.io', name: 'grafana/grafana', tag: '10' });
  expect(parseReference(`localhost:5000/a/b:1@${digest}`)).toEqual({ host: 'localhost:5000', name: 'a/b', tag: '1', digest });
  for (const wrong of ['', 'A/b', 'a b', '../x', 'h.io/', 'h.io/a:b c', 'h.io/a@sha256:1', 'u:p@h.io/a', `h.io/${'a'.repeat(600)}`]) expect(() => parseReference(wrong)).toThrow(/^registry:/);
});

describe('credentials', () => {
  const find = (folder: string, name: string) => credentialsFor(name, { env: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, DOCKER_CONFIG: folder }, home: '/nowhere', signal });

  it("come from Docker's configuration and its helpers, started without a shell", async () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    expect(await find(folder, 'r.test')).toBeUndefined();
    const helper = path.join(folder, 'docker-credential-own');
    writeFileSync(helper, '#!/bin/sh\nread -r server\nif [ "$server" = token.test ]; then echo \'{"Username":"<token>","Secret":"idt"}\'; elif [ "$server" = none.test ]; then echo "credentials not found in native keychain"; exit 1; else echo "{\\"Username\\":\\"$1\\",\\"Secret\\":\\"for $server\\"}"; fi\n');
    chmodSync(helper, 0o755);
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify({ auths: { 'r.test': { auth: Buffer.from('u:p:q').toString('base64') }, 'https://index.docker.io/v1/': { auth: Buffer.from('hub:x').toString('base64') } }, credHelpers: { 'h.test:5000': 'own', 'token.test': 'own', 'none.test': 'own', 'bad.test': '../x; rm', 'gone.test': 'gone' } }));
    expect(await find(folder, 'r.test')).toEqual({ username: 'u', password: 'p:q' });
    expect(await find(folder, 'registry-1.docker.io')).toEqual({ username: 'hub', password: 'x' });
    expect(await find(folder, 'h.test:5000')).toEqual({ username: 'get', password: 'for h.test:5000' });
    expect(await find(folder, 'token.test')).toEqual({ username: '', password: '', identityToken: 'idt' });
    expect(await find(folder, 'none.test')).toBeUndefined();
    await expect(find(folder, 'bad.test')).rejects.toThrow('no usable name');
    await expect(find(folder, 'gone.test')).rejects.toThrow('docker-credential-gone');
    writeFileSync(path.join(folder, 'config.json'), '{"auths": {"secret": ');
    await expect(find(folder, 'r.test')).rejects.toThrow(/config\.json: is no JSON$/);
  });
});
