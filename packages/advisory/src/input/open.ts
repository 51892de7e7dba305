import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import tar from 'tar-stream';
import yauzl from 'yauzl';
import { messageOf } from '@palisade/model/error';
import { feedError } from '../error.ts';
import type { Entry, FeedInput } from '../feed.ts';

/**
 * Against archives made to exhaust: the largest real file is Debian's tracker (about 80 MB), the largest real
 * archive OSV's npm (about 300,000 records, 1.5 GB).
 */
export const limits = { entryBytes: 512 * 2 ** 20, totalBytes: 16 * 2 ** 30, entries: 4_000_000, depth: 32 } as const;

type Form = 'directory' | 'zip' | 'tar' | 'gzip-tar' | 'gzip' | 'plain';

/** A source on disk and the digest of its content, which does not depend on order, dates or the form of the archive. */
export type OpenedInput = FeedInput & { readonly path: string; digest(): string };

/** Opens a file, directory, zip, tar or tar.gz by its content, not by its name. Throws when it is not there. */
export async function openInput(location: string): Promise<OpenedInput> {
  const form = await formOf(location);
  let hashes: Buffer[] = [];
  return {
    path: location,
    name: sourceName(location),
    async *entries() {
      hashes = [];
      let total = 0;
      for await (const entry of read(form, location)) {
        total += entry.bytes.length;
        if (total > limits.totalBytes || hashes.length >= limits.entries) {
          throw feedError('feed-limit', `${location}: more than ${limits.entries} files or ${limits.totalBytes} bytes`, { file: location });
        }
        hashes.push(createHash('sha256').update(entry.bytes).digest());
        yield entry;
      }
    },
    digest() {
      const hash = createHash('sha256');
      for (const one of hashes.sort(Buffer.compare)) hash.update(one);
      return hash.digest('hex');
    },
  };
}

/** "…/osv-go.tar.gz" → "osv-go"; OSV's own "npm/all.zip" → "npm-all". */
export function sourceName(location: string): string {
  const absolute = path.resolve(location);
  const base = path.basename(absolute).replace(/\.(?:tar\.gz|tgz|tar|zip|json\.gz|csv\.gz|yaml\.gz|gz|json|csv|ya?ml|txt)$/i, '');
  const parent = path.basename(path.dirname(absolute));
  return /^(?:all|list|data|advisories)$/i.test(base) && parent !== '' ? `${parent}-${base}` : base;
}

async function formOf(location: string): Promise<Form> {
  let head: Buffer;
  try {
    if (statSync(location).isDirectory()) return 'directory';
    const file = await open(location);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
      head = buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw feedError('feed-malformed', `${location}: ${messageOf(error)}`, { file: location }, error);
  }
  if (head.subarray(0, 4).equals(Buffer.from('PK\x03\x04', 'latin1')) || head.subarray(0, 4).equals(Buffer.from('PK\x05\x06', 'latin1'))) return 'zip';
  if (head.subarray(257, 262).toString('latin1') === 'ustar') return 'tar';
  if (head[0] === 0x1f && head[1] === 0x8b) return (await gzipHoldsTar(location)) ? 'gzip-tar' : 'gzip';
  return 'plain';
}

async function gzipHoldsTar(location: string): Promise<boolean> {
  const source = createReadStream(location);
  const plain = createGunzip();
  source.on('error', (error) => plain.destroy(error));
  source.pipe(plain);
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      head = Buffer.concat([head, chunk]);
      if (head.length >= 512) break;
    }
  } catch (error) {
    throw feedError('feed-malformed', `${location}: gzip: ${messageOf(error)}`, { file: location }, error);
  } finally {
    source.destroy();
  }
  return head.subarray(257, 262).toString('latin1') === 'ustar';
}

async function* read(form: Form, location: string): AsyncIterable<Entry> {
  try {
    if (form === 'directory') yield* walk(location, '', 0);
    else if (form === 'zip') yield* readZip(location);
    else if (form === 'tar' || form === 'gzip-tar') yield* readTar(location, form === 'gzip-tar');
    else if (form === 'gzip') yield { path: path.basename(location).replace(/\.gz$/i, ''), bytes: await gunzip(location) };
    else yield { path: path.basename(location), bytes: readWhole(location) };
  } catch (error) {
    if (error instanceof Error && error.name === 'PalisadeError') throw error;
    throw feedError('feed-malformed', `${location}: ${messageOf(error)}`, { file: location }, error);
  }
}

function readWhole(file: string): Buffer {
  refuseLarge(file, statSync(file).size);
  return readFileSync(file);
}

function refuseLarge(name: string, size: number): void {
  if (size > limits.entryBytes) throw feedError('feed-limit', `${name}: ${size} bytes, the limit for one file is ${limits.entryBytes}`, { file: name });
}

async function* walk(root: string, folder: string, depth: number): AsyncIterable<Entry> {
  if (depth > limits.depth) throw feedError('feed-limit', `${path.join(root, folder)}: nested deeper than ${limits.depth}`, { file: folder });
  for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    // Links are not followed: they may lead out of the tree or in circles.
    if (entry.isDirectory() && entry.name !== '.git') yield* walk(root, name, depth + 1);
    else if (entry.isFile()) {
      const full = path.join(root, name);
      refuseLarge(full, statSync(full).size);
      yield { path: name, bytes: await readFile(full) };
    }
  }
}

async function gunzip(location: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const plain = createGunzip();
  pipeline(createReadStream(location), plain, () => {});
  for await (const chunk of plain as AsyncIterable<Buffer>) {
    size += chunk.length;
    refuseLarge(location, size);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

async function* readTar(location: string, gzip: boolean): AsyncIterable<Entry> {
  const extract = tar.extract();
  const file = createReadStream(location, { highWaterMark: 2 ** 18 });
  const done = (error?: Error | null): void => {
    if (error) extract.destroy(error);
  };
  if (gzip) pipeline(file, createGunzip(), extract, done);
  else pipeline(file, extract, done);
  for await (const entry of extract) {
    const { name, type, size } = entry.header;
    if (type === 'file' || type === null || type === undefined) {
      refuseLarge(`${location}: ${name}`, size ?? 0);
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) chunks.push(chunk);
      yield { path: name, bytes: Buffer.concat(chunks) };
    } else entry.resume();
  }
}

async function* readZip(location: string): AsyncIterable<Entry> {
  const archive = await yauzl.openPromise(location, { lazyEntries: true, validateEntrySizes: true, autoClose: false });
  try {
    for await (const entry of archive.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      refuseLarge(`${location}: ${entry.fileName}`, entry.uncompressedSize);
      const chunks: Buffer[] = [];
      for await (const chunk of (await archive.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) chunks.push(chunk);
      yield { path: entry.fileName, bytes: Buffer.concat(chunks) };
    }
  } finally {
    archive.close();
  }
}
