import { accessSync, closeSync, constants, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ContainerEngine, EngineImageDetail } from '@palisade/engine/engine';
import { messageOf } from '@palisade/model/error';
import { UnreadableImage } from '../error.ts';
import { openArchiveFile } from '../open.ts';
import { hostPlatform } from '../place.ts';
import { describeImage, parseConfig } from './config.ts';
import type { OpenedImage } from './opened-image.ts';

/** How an engine's image is to be read: its layer directories in place, or the export in an open file without a name. */
export type EngineImagePlan =
  | { readonly kind: 'in-place'; readonly detail: EngineImageDetail; readonly reference: string }
  | { readonly kind: 'export'; readonly names: readonly string[]; readonly digest?: string; readonly reference: string; readonly why: string };

/** Asks the engine. `fd`: the export, owned by the caller. `canReadInPlace` is false where opaque directories can't be told. */
export async function planEngineImage(engine: ContainerEngine, reference: string, options: { signal: AbortSignal; canReadInPlace: boolean }): Promise<{ plan: EngineImagePlan; fd?: number }> {
  let detail: EngineImageDetail;
  try {
    detail = await engine.image(reference);
  } catch (error) {
    throw new UnreadableImage(`${engine.kind}:${reference}: ${messageOf(error)}`, {}, error);
  }
  const why = options.canReadInPlace ? whyNotInPlace(detail) : 'extended attributes are not readable here';
  if (why === undefined) return { plan: { kind: 'in-place', detail, reference } };
  return { plan: { kind: 'export', names: detail.names, ...digestOf(detail), reference, why }, fd: await exportImage(engine, reference, options.signal) };
}

/** Opens what was planned; an export's descriptor is owned from here on. */
export async function openEnginePlan(plan: EngineImagePlan, fd?: number): Promise<OpenedImage> {
  if (plan.kind === 'in-place') return inPlace(plan.detail, plan.reference);
  if (fd === undefined) throw new Error('an export without a file');
  const opened = await openArchiveFile(fd, plan.reference, { platform: hostPlatform, wanted: plan.reference });
  return { ...opened, layers: opened.layers.map((layer) => ({ ...layer, verified: true })), image: { ...opened.image, names: [...plan.names], ...(plan.digest === undefined ? {} : { digest: plan.digest }) } };
}

/** Plans and opens in one process. */
export async function openEngineImage(engine: ContainerEngine, reference: string, options: { signal: AbortSignal; canReadInPlace: boolean }): Promise<OpenedImage> {
  const { plan, fd } = await planEngineImage(engine, reference, options);
  return openEnginePlan(plan, fd);
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

async function exportImage(engine: ContainerEngine, reference: string, signal: AbortSignal): Promise<number> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-export-'));
  const file = path.join(folder, 'image.tar');
  const fd = openSync(file, 'wx+', 0o600);
  unlinkSync(file);
  rmSync(folder, { recursive: true, force: true });
  try {
    for await (const bytes of await engine.export(reference, signal)) writeAll(fd, bytes);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw new UnreadableImage(`${engine.kind}:${reference}: the export broke off: ${messageOf(error)}`, {}, error);
  }
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}
