import { accessSync, constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mkdtempSync, rmSync, unlinkSync } from 'node:fs';
import type { ContainerEngine, EngineImageDetail } from '@palisade/engine/engine';
import { messageOf } from '@palisade/model/error';
import { fileContent } from '../content.ts';
import { UnreadableImage } from '../error.ts';
import { indexArchive } from './archive-index.ts';
import { describeImage, parseConfig } from './config.ts';
import { openDockerArchive } from './docker-archive.ts';
import type { OpenedImage } from './opened-image.ts';

/**
 * An image of a container engine: its layer directories in place where this process can read them, else its export,
 * spooled to a temporary file without a name. `canReadInPlace` is false where opaque directories can't be told.
 */
export async function openEngineImage(engine: ContainerEngine, reference: string, options: { signal: AbortSignal; canReadInPlace: boolean }): Promise<OpenedImage> {
  let detail: EngineImageDetail;
  try {
    detail = await engine.image(reference);
  } catch (error) {
    throw new UnreadableImage(`${engine.kind}:${reference}: ${messageOf(error)}`, {}, error);
  }
  const reason = options.canReadInPlace ? whyNotInPlace(detail) : 'extended attributes are not readable here';
  if (reason === undefined) return inPlace(detail, reference);
  const exported = await exportImage(engine, reference, options.signal);
  return { ...exported, layers: exported.layers.map((layer) => ({ ...layer, verified: true })), image: { ...exported.image, names: [...detail.names], ...digestOf(detail) } };
}

function whyNotInPlace(detail: EngineImageDetail): string | undefined {
  if ('unreadable' in detail.directories) return detail.directories.unreadable;
  for (const directory of detail.directories) {
    try {
      accessSync(directory, constants.R_OK | constants.X_OK);
    } catch (error) {
      return messageOf(error);
    }
  }
  return undefined;
}

function inPlace(detail: EngineImageDetail, reference: string): OpenedImage {
  const bytes = Buffer.from(JSON.stringify(detail.config));
  const config = parseConfig(bytes, reference);
  const directories = 'unreadable' in detail.directories ? [] : detail.directories;
  return {
    // The engine's id is the digest of the config as it was stored; its description is only rebuilt from it.
    image: { ...describeImage(bytes, config, { names: detail.names }), id: detail.id, ...digestOf(detail) },
    config,
    layers: detail.diffIds.map((diffId, index) => ({ diffId, verified: true, bytes: { kind: 'overlay', directory: directories[index] ?? '' } })),
    gaps: [],
    close: () => {},
  };
}

function digestOf(detail: EngineImageDetail): { digest?: string } {
  const digest = detail.digests[0]?.split('@')[1];
  return digest === undefined ? {} : { digest };
}

async function exportImage(engine: ContainerEngine, reference: string, signal: AbortSignal): Promise<OpenedImage> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-export-'));
  const file = path.join(folder, 'image.tar');
  const handle = await open(file, 'wx+', 0o600);
  unlinkSync(file);
  rmSync(folder, { recursive: true, force: true });
  try {
    for await (const bytes of await engine.export(reference, signal)) await handle.write(bytes);
    const { size } = await handle.stat();
    const content = fileContent(handle.fd, 0, size);
    const opened = openDockerArchive(indexArchive(content, reference), reference, reference);
    return { ...opened, close: () => void handle.close() };
  } catch (error) {
    await handle.close();
    if (error instanceof UnreadableImage) throw error;
    throw new UnreadableImage(`${engine.kind}:${reference}: export: ${messageOf(error)}`, {}, error);
  }
}
