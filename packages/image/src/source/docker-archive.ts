import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import { z } from 'zod';
import { UnreadableImage } from '../error.ts';
import { limits } from '../limits.ts';
import type { BlobStore } from './archive-index.ts';
import { describeImage, parseConfig } from './config.ts';
import type { OpenedImage, OpenedLayer } from './opened-image.ts';

const Manifest = z.array(z.looseObject({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()).max(limits.layers) })).min(1);

/** `docker save`: manifest.json names config and layers. Of several images the one whose tag is `wanted`, else the first (the rest is a gap). */
export function openDockerArchive(store: BlobStore, subject: string, wanted?: string): OpenedImage {
  const manifestBytes = store.get('manifest.json');
  if (manifestBytes === undefined) throw new UnreadableImage(`${subject}: no manifest.json and no index.json: not an image archive`);
  const images = parseManifest(readDocument(manifestBytes, `${subject}: manifest.json`), subject);
  const entry = images.find((image) => wanted !== undefined && (image.RepoTags ?? []).includes(wanted)) ?? images[0];
  if (entry === undefined) throw new UnreadableImage(`${subject}: manifest.json names no image`);
  const configContent = store.get(entry.Config);
  if (configContent === undefined) throw new UnreadableImage(`${subject}: config ${entry.Config} is missing`);
  const configBytes = readDocument(configContent, `${subject}: ${entry.Config}`);
  const config = parseConfig(configBytes, `${subject}: ${entry.Config}`);
  const gaps: Gap[] = [];
  for (const other of images) {
    if (other !== entry) gaps.push({ kind: 'image-not-chosen', subject: (other.RepoTags ?? [other.Config]).join(', '), reason: 'the archive holds several images; name one with ARCHIVE#TAG', count: 1 });
  }
  const claimed = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(entry.Config)?.[1];
  const image = describeImage(configBytes, config, { names: entry.RepoTags ?? [] });
  if (claimed !== undefined && image.id !== `sha256:${claimed}`) {
    gaps.push({ kind: 'digest-mismatch', subject: entry.Config, reason: `the config's digest is ${image.id}`, count: 1 });
  }
  if (config.rootfs.diff_ids.length !== entry.Layers.length) {
    gaps.push({ kind: 'layers-mismatch', subject, reason: `the config names ${config.rootfs.diff_ids.length} layers, the manifest ${entry.Layers.length}`, count: 1 });
  }
  const layers = config.rootfs.diff_ids.map((diffId, index): OpenedLayer => {
    const name = entry.Layers[index];
    const content = name === undefined ? undefined : store.get(name);
    if (content === undefined) return { diffId, verified: false, bytes: { kind: 'missing', reason: `the archive lacks ${name ?? 'the layer'}` } };
    return { diffId, verified: false, bytes: { kind: 'archive', content } };
  });
  return { image, config, layers, gaps, close: () => store.close() };
}

function parseManifest(bytes: Uint8Array, subject: string): z.infer<typeof Manifest> {
  try {
    return Manifest.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new UnreadableImage(`${subject}: manifest.json: ${messageOf(error)}`, {}, error);
  }
}

/** A JSON document's bytes within their limit. */
export function readDocument(content: { size: number; read(offset: number, length: number): Buffer }, subject: string): Buffer {
  if (content.size > limits.document) throw new UnreadableImage(`${subject} has ${content.size} bytes, more than ${limits.document}`);
  const bytes = content.read(0, content.size);
  if (bytes.length < content.size) throw new UnreadableImage(`${subject} is cut off`);
  return bytes;
}
