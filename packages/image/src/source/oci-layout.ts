import { createHash } from 'node:crypto';
import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import { z } from 'zod';
import { UnreadableImage } from '../error.ts';
import { limits } from '../limits.ts';
import type { BlobStore } from './archive-index.ts';
import { describeImage, parseConfig } from './config.ts';
import { readDocument } from './docker-archive.ts';
import type { OpenedImage, OpenedLayer } from './opened-image.ts';

const Descriptor = z.looseObject({
  mediaType: z.string().optional(),
  digest: z.string(),
  size: z.number().optional(),
  platform: z.looseObject({ os: z.string().optional(), architecture: z.string().optional(), variant: z.string().optional() }).nullish(),
  annotations: z.record(z.string(), z.string()).nullish(),
});
export type Descriptor = z.infer<typeof Descriptor>;
export const Index = z.looseObject({ manifests: z.array(Descriptor).max(1000) });
export const Manifest = z.looseObject({ config: Descriptor, layers: z.array(Descriptor).max(limits.layers), annotations: z.record(z.string(), z.string()).nullish() });

/** `platform` as "os/architecture[/variant]". */
export type OciOptions = { readonly platform: string; readonly reference?: string };

/** An OCI layout, from a directory or an archive: index.json → manifest (of the wanted platform) → config and layers. */
export function openOciLayout(store: BlobStore, subject: string, options: OciOptions): OpenedImage {
  const indexContent = store.get('index.json');
  if (indexContent === undefined) throw new UnreadableImage(`${subject}: no index.json: not an OCI layout`);
  const gaps: Gap[] = [];
  let index = parse(Index, readDocument(indexContent, `${subject}: index.json`), `${subject}: index.json`);
  for (let depth = 0; depth < 4; depth += 1) {
    const chosen = choose(index.manifests, options, subject, gaps);
    const bytes = blob(store, chosen.digest, subject);
    const value: unknown = parse(z.unknown(), bytes, `${subject}: ${chosen.digest}`);
    if (typeof value === 'object' && value !== null && 'manifests' in value) {
      index = parse(Index, bytes, `${subject}: ${chosen.digest}`);
      continue;
    }
    return openManifest(store, parse(Manifest, bytes, `${subject}: ${chosen.digest}`), chosen, subject, gaps);
  }
  throw new UnreadableImage(`${subject}: indexes nested deeper than 4`);
}

function openManifest(store: BlobStore, manifest: z.infer<typeof Manifest>, descriptor: Descriptor, subject: string, gaps: Gap[]): OpenedImage {
  const configBytes = blob(store, manifest.config.digest, subject);
  const config = parseConfig(configBytes, `${subject}: ${manifest.config.digest}`);
  const name = descriptor.annotations?.['io.containerd.image.name'] ?? descriptor.annotations?.['org.opencontainers.image.ref.name'];
  const base = manifest.annotations?.['org.opencontainers.image.base.name'];
  const image = describeImage(configBytes, config, {
    digest: descriptor.digest,
    ...(name === undefined ? {} : { names: [name] }),
    ...(base === undefined ? {} : { base }),
  });
  if (config.rootfs.diff_ids.length !== manifest.layers.length) {
    gaps.push({ kind: 'layers-mismatch', subject, reason: `the config names ${config.rootfs.diff_ids.length} layers, the manifest ${manifest.layers.length}`, count: 1 });
  }
  const layers = config.rootfs.diff_ids.map((diffId, index): OpenedLayer => {
    const digest = manifest.layers[index]?.digest;
    const content = digest === undefined ? undefined : store.get(blobPath(digest, subject));
    if (digest === undefined || content === undefined) return { diffId, verified: false, bytes: { kind: 'missing', reason: `the layout lacks ${digest ?? 'the layer'}` } };
    return { diffId, verified: false, bytes: { kind: 'archive', content, blob: digest } };
  });
  return { image, config, layers, gaps, close: () => store.close() };
}

/** The manifest for the wanted reference and platform; attestations ("unknown/unknown") are no images. */
export function choose(manifests: readonly Descriptor[], options: OciOptions, subject: string, gaps: Gap[]): Descriptor {
  const images = manifests.filter((one) => one.platform?.os !== 'unknown' && one.annotations?.['vnd.docker.reference.type'] !== 'attestation-manifest');
  const named = options.reference === undefined ? images : images.filter((one) => Object.values(one.annotations ?? {}).includes(options.reference ?? ''));
  if (named.length === 0) throw new UnreadableImage(`${subject}: holds no image${options.reference === undefined ? '' : ` named ${options.reference}`}`);
  const fitting = named.find((one) => one.platform == null || platformOf(one).startsWith(options.platform));
  const chosen = fitting ?? named[0];
  if (chosen === undefined) throw new UnreadableImage(`${subject}: holds no image`);
  for (const other of named) {
    if (other !== chosen) gaps.push({ kind: 'image-not-chosen', subject: other.platform == null ? other.digest : platformOf(other), reason: 'another image or platform of the same index', count: 1 });
  }
  return chosen;
}

function platformOf(descriptor: Descriptor): string {
  const platform = descriptor.platform;
  return [platform?.os ?? '', platform?.architecture ?? '', platform?.variant ?? ''].filter((part) => part !== '').join('/');
}

/** A small blob, its digest checked: a config or manifest that isn't what its name says is refused. */
function blob(store: BlobStore, digest: string, subject: string): Buffer {
  const content = store.get(blobPath(digest, subject));
  if (content === undefined) throw new UnreadableImage(`${subject}: blob ${digest} is missing`);
  const bytes = readDocument(content, `${subject}: ${digest}`);
  checkDigest(bytes, digest, subject);
  return bytes;
}

export function checkDigest(bytes: Uint8Array, digest: string, subject: string): void {
  const [algorithm, expected] = digest.split(':');
  if (algorithm !== 'sha256' && algorithm !== 'sha512') throw new UnreadableImage(`${subject}: digest algorithm "${algorithm ?? ''}" is not known`);
  const found = createHash(algorithm).update(bytes).digest('hex');
  if (found !== expected) throw new UnreadableImage(`${subject}: ${digest} has wrong content (${algorithm}:${found})`);
}

function blobPath(digest: string, subject: string): string {
  if (!/^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(digest)) throw new UnreadableImage(`${subject}: "${digest.slice(0, 100)}" is no digest`);
  return `blobs/${digest.replace(':', '/')}`;
}

export function parse<T extends z.ZodType>(schema: T, bytes: Uint8Array, subject: string): z.infer<T> {
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new UnreadableImage(`${subject}: ${messageOf(error)}`, {}, error);
  }
}
