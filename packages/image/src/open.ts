import { closeSync, fstatSync } from 'node:fs';
import { messageOf } from '@palisade/model/error';
import type { Content } from './content.ts';
import { fileContent } from './content.ts';
import { UnreadableImage } from './error.ts';
import { limits } from './limits.ts';
import { compressionOf, decompress } from './layer/decompress.ts';
import { createSpool } from './layer/spool.ts';
import { hostPlatform, isDirectory, openFileAt, splitChoice } from './place.ts';
import type { BlobStore } from './source/archive-index.ts';
import { indexArchive } from './source/archive-index.ts';
import { openDockerArchive } from './source/docker-archive.ts';
import { directoryStore } from './source/layout-directory.ts';
import { openOciLayout } from './source/oci-layout.ts';
import type { OpenedImage } from './source/opened-image.ts';

/**
 * Opens `docker save` archives and OCI archives (told apart by content; a compressed archive is unpacked into a
 * temporary file first). `file` may end in "#NAME" to choose one of several images.
 */
export async function openArchive(file: string, platform = hostPlatform): Promise<OpenedImage> {
  const [name, wanted] = splitChoice(file);
  return openArchiveFile(openFileAt(name), name, { platform, ...(wanted === undefined ? {} : { wanted }) });
}

/** Which image of an archive to take. `platform` as "os/architecture[/variant]". */
export type ArchiveChoice = { readonly platform: string; readonly wanted?: string };

/** Opens the archive that `fd` (owned from here on) holds; `name` is how messages call it. */
export async function openArchiveFile(fd: number, name: string, { platform, wanted }: ArchiveChoice): Promise<OpenedImage> {
  const store = indexArchive(await plainContent(contentOf(fd, name), name), name);
  try {
    if (store.get('manifest.json') === undefined && store.get('index.json') !== undefined) {
      return openOciLayout(store, name, { platform, ...(wanted === undefined ? {} : { reference: wanted }) });
    }
    return openDockerArchive(store, name, wanted);
  } catch (error) {
    store.close();
    throw error;
  }
}

/** Opens an OCI layout: a directory, or an archive of one. */
export async function openOci(path: string, platform = hostPlatform): Promise<OpenedImage> {
  const [name, wanted] = splitChoice(path);
  const choice = { platform, ...(wanted === undefined ? {} : { wanted }) };
  return isDirectory(name) ? openLayout(directoryStore(name), name, choice) : openOciFile(openFileAt(name), name, choice);
}

/** Opens the archive of an OCI layout that `fd` (owned from here on) holds. */
export async function openOciFile(fd: number, name: string, choice: ArchiveChoice): Promise<OpenedImage> {
  return openLayout(indexArchive(await plainContent(contentOf(fd, name), name), name), name, choice);
}

function openLayout(store: BlobStore, name: string, { platform, wanted }: ArchiveChoice): OpenedImage {
  try {
    return openOciLayout(store, name, { platform, ...(wanted === undefined ? {} : { reference: wanted }) });
  } catch (error) {
    store.close();
    throw error;
  }
}

function contentOf(fd: number, path: string): Content {
  const stats = fstatSync(fd);
  if (!stats.isFile()) {
    closeSync(fd);
    throw new UnreadableImage(`${path}: not a regular file`);
  }
  return fileContent(fd, 0, stats.size, true);
}

async function plainContent(content: Content, subject: string): Promise<Content> {
  const compression = compressionOf(content);
  if (compression === 'none') return content;
  // Always a file on disk: a spool made for more than fits in memory.
  const spool = createSpool(limits.inMemory + 1);
  try {
    for await (const bytes of decompress(content, compression).chunks) spool.write(bytes);
  } catch (error) {
    throw new UnreadableImage(`${subject}: ${messageOf(error)}`, {}, error);
  } finally {
    content.close();
  }
  return spool.content();
}
