import { createHash } from 'node:crypto';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import { UnreadableImage } from '../../error.ts';
import { limits } from '../../limits.ts';
import { choose, Index, Manifest, parse } from '../oci-layout.ts';
import type { Descriptor } from '../oci-layout.ts';
import { registryClient } from './client.ts';
import type { ClientOptions, RegistryClient } from './client.ts';
import type { RegistryImagePlan } from './plan.ts';
import { parseReference } from './reference.ts';

export type PullOptions = ClientOptions & { readonly platform: string; readonly progress?: (done: number, total: number) => void };

const accept = ['application/vnd.oci.image.index.v1+json', 'application/vnd.docker.distribution.manifest.list.v2+json', 'application/vnd.oci.image.manifest.v1+json', 'application/vnd.docker.distribution.manifest.v2+json'].join(', ');
const stallTime = 60_000;
const resumes = 5;

/**
 * Pulls manifest, config and layers into one temporary file without a name. Manifests and config with a wrong digest refuse
 * the image; a layer that can't be had whole, or is not what its digest says, is a gap. `fd` is the caller's.
 */
export async function pullImage(reference: string, options: PullOptions): Promise<{ plan: RegistryImagePlan; fd: number }> {
  const parsed = parseReference(reference);
  const client = registryClient(parsed, options);
  const gaps: Gap[] = [];
  const subject = `registry:${reference}`;
  let wanted = await fetchManifest(client, parsed.digest ?? parsed.tag, parsed.digest, subject);
  for (let depth = 0; isIndex(wanted.bytes, subject); depth += 1) {
    if (depth === 4) throw new UnreadableImage(`${subject}: indexes nested deeper than 4`);
    const chosen = choose(parse(Index, wanted.bytes, subject).manifests, { platform: options.platform }, subject, gaps);
    wanted = await fetchManifest(client, chosen.digest, chosen.digest, subject);
  }
  const manifest = parse(Manifest, wanted.bytes, `${subject}: ${wanted.digest}`);
  const spool = createBlobSpool();
  try {
    spool.put(wanted.digest, wanted.bytes);
    await pullBlob(client, manifest.config, spool, limits.document, options);
    for (const [index, layer] of manifest.layers.entries()) {
      options.progress?.(index, manifest.layers.length);
      if (spool.has(layer.digest)) continue;
      if (/foreign|nondistributable/.test(layer.mediaType ?? '')) {
        gaps.push({ kind: 'layer-foreign', subject: layer.digest, reason: 'the layer lies outside of the registry and is not fetched', count: 1 });
        continue;
      }
      try {
        await pullBlob(client, layer, spool, limits.layerBytes, options);
      } catch (error) {
        options.signal.throwIfAborted();
        gaps.push({ kind: error instanceof WrongDigest ? 'digest-mismatch' : 'layer-unavailable', subject: layer.digest, reason: messageOf(error), count: 1 });
      }
    }
    return { plan: { reference, manifest: wanted.digest, platform: options.platform, gaps, blobs: spool.blobs() }, fd: spool.fd };
  } catch (error) {
    closeSync(spool.fd);
    throw error;
  }
}

class WrongDigest extends UnreadableImage {}

async function fetchManifest(client: RegistryClient, which: string, expected: string | undefined, subject: string): Promise<{ bytes: Buffer; digest: string }> {
  const response = await client.get(`manifests/${which}`, { accept });
  const bytes = await wholeBody(response, `${subject}: ${which}`);
  const claimed = expected ?? response.headers.get('docker-content-digest') ?? undefined;
  const digest = digestOf(bytes, claimed?.startsWith('sha512:') === true ? 'sha512' : 'sha256');
  if (claimed !== undefined && claimed !== digest) throw new UnreadableImage(`${subject}: the manifest ${claimed} has wrong content (${digest})`);
  return { bytes, digest };
}

function isIndex(bytes: Buffer, subject: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new UnreadableImage(`${subject}: the manifest is no JSON: ${messageOf(error)}`);
  }
  if (typeof value !== 'object' || value === null) throw new UnreadableImage(`${subject}: the manifest is no JSON object`);
  if ('schemaVersion' in value && value.schemaVersion === 1) throw new UnreadableImage(`${subject}: manifests of schema version 1 are not read; push the image again`);
  return 'manifests' in value;
}

async function wholeBody(response: Response, subject: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of bodyOf(response)) {
    length += part.length;
    if (length > limits.document) throw new UnreadableImage(`${subject} has more than ${limits.document} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/** Streams a blob to the spool, taking up where a broken transfer ended. */
async function pullBlob(client: RegistryClient, { digest, size }: Descriptor, spool: BlobSpool, limit: number, options: PullOptions): Promise<void> {
  if (!/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/.test(digest)) throw new UnreadableImage(`"${digest.slice(0, 100)}" is no digest`);
  const most = Math.min(limit, size ?? limit);
  const blob = spool.begin();
  let hash = createHash(digest.startsWith('sha512') ? 'sha512' : 'sha256');
  let got = 0;
  let broken = '';
  for (let attempt = 0; attempt <= resumes; attempt += 1) {
    options.signal.throwIfAborted();
    const before = got;
    try {
      const response = await client.get(`blobs/${digest}`, got === 0 ? {} : { range: `bytes=${got}-` });
      if (got > 0 && !(response.status === 206 && (response.headers.get('content-range') ?? '').startsWith(`bytes ${got}-`))) {
        // A server that knows no ranges sends all of it again.
        got = 0;
        hash = createHash(digest.startsWith('sha512') ? 'sha512' : 'sha256');
        blob.restart();
      }
      for await (const part of bodyOf(response)) {
        got += part.length;
        if (got > most) throw new WrongDigest(`${digest} has more than its ${most} bytes`);
        hash.update(part);
        blob.write(part);
      }
      if (size === undefined || got >= size) {
        broken = '';
        break;
      }
      broken = `ends after ${got} of ${size} bytes`;
    } catch (error) {
      if (error instanceof UnreadableImage) throw error;
      options.signal.throwIfAborted();
      broken = `broke off after ${got} bytes: ${messageOf(error)}`;
    }
    if (got === before && attempt >= 2) break;
  }
  if (broken !== '') throw new UnreadableImage(`${digest} ${broken}`);
  const found = `${digest.split(':', 1)[0] ?? 'sha256'}:${hash.digest('hex')}`;
  if (found !== digest) throw new WrongDigest(`${digest} has wrong content (${found})`);
  blob.commit(digest);
}

/** The body piece by piece; a transfer that stands still is broken off. */
async function* bodyOf(response: Response): AsyncGenerator<Uint8Array, void> {
  if (response.body === null) return;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  try {
    for (;;) {
      let late: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        late = setTimeout(() => reject(new Error(`nothing came for ${stallTime / 1000} seconds`)), stallTime);
      });
      const step = await Promise.race([reader.read(), stalled]).finally(() => clearTimeout(late));
      if (step.done) return;
      yield step.value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

function digestOf(bytes: Buffer, algorithm: 'sha256' | 'sha512'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

type BlobSpool = ReturnType<typeof createBlobSpool>;

/** One unlinked file for all blobs: whatever happens to this process, nothing stays behind. */
function createBlobSpool() {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-pull-'));
  const file = path.join(folder, 'blobs');
  const fd = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  rmSync(folder, { recursive: true, force: true });
  const places: Record<string, readonly [number, number]> = {};
  let end = 0;
  const append = (bytes: Uint8Array): void => {
    for (let offset = 0; offset < bytes.length; ) {
      const n = writeSync(fd, bytes, offset, bytes.length - offset, end);
      offset += n;
      end += n;
    }
  };
  return {
    fd,
    has: (digest: string): boolean => Object.hasOwn(places, digest),
    blobs: (): RegistryImagePlan['blobs'] => places,
    put(digest: string, bytes: Uint8Array): void {
      const start = end;
      append(bytes);
      places[digest] = [start, end - start];
    },
    begin() {
      const start = end;
      return {
        write: append,
        restart(): void {
          end = start;
          ftruncateSync(fd, start);
        },
        commit(digest: string): void {
          places[digest] = [start, end - start];
        },
      };
    },
  };
}
