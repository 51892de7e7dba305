import { createWriteStream, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { messageOf } from '@palisade/model/error';
import { feedError } from './error.ts';
import type { Download } from './feed.ts';

export type DownloadOptions = {
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
  /** Bytes so far, and in all where the server says it. */
  readonly progress?: (done: number, total: number | undefined) => void;
};

// No source comes near it; a server that sends without end must not fill the disk.
const maxBytes = 8 * 2 ** 30;

/**
 * Fetches one file to `file`. What an interrupted run left in `file.part` is continued when the server still has the same
 * version (its entity tag), else fetched anew. Throws feed-fetch (retryable).
 */
export async function download(source: Download, file: string, options: DownloadOptions): Promise<void> {
  if (!source.url.startsWith('https://')) throw feedError('feed-fetch', `${source.url}: only https is fetched`);
  const part = `${file}.part`;
  const tagFile = `${file}.etag`;
  const tag = existsSync(tagFile) && existsSync(part) ? readFileSync(tagFile, 'utf8') : '';
  const have = tag === '' ? 0 : statSync(part).size;
  try {
    const response = await options.fetch(source.url, { signal: options.signal, redirect: 'follow', headers: have > 0 ? { range: `bytes=${have}-`, 'if-range': tag } : {} });
    // 416: the part was whole already, only its renaming was cut off; or it is of no use. Start anew.
    if (response.status === 416) {
      rmSync(part, { force: true });
      rmSync(tagFile, { force: true });
      await download(source, file, options);
      return;
    }
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    const resumed = response.status === 206;
    const length = response.headers.get('content-length');
    const total = length === null ? undefined : Number(length) + (resumed ? have : 0);
    const etag = response.headers.get('etag');
    // A weak tag does not promise the same bytes, so there is nothing to continue from.
    if (etag !== null && !etag.startsWith('W/')) writeFileSync(tagFile, etag);
    else rmSync(tagFile, { force: true });
    let done = resumed ? have : 0;
    const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
    const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
      for await (const chunk of chunks) {
        done += chunk.length;
        if (done > maxBytes) throw new Error(`more than ${maxBytes} bytes`);
        options.progress?.(done, total);
        yield chunk;
      }
    };
    const sink = createWriteStream(part, { flags: resumed ? 'a' : 'w' });
    const closed = new Promise<void>((resolve) => void sink.once('close', () => resolve()));
    try {
      await pipeline(body, counted, sink);
    } finally {
      // A broken transfer may still have a write under way: nobody may look at the part before it has landed.
      await closed;
    }
    const encoded = response.headers.get('content-encoding') !== null;
    if (!encoded && total !== undefined && done !== total) throw new Error(`${done} of ${total} bytes came`);
    renameSync(part, file);
    rmSync(tagFile, { force: true });
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof Error && error.name === 'PalisadeError') throw error;
    throw feedError('feed-fetch', `${source.url}: ${messageOf(error)}`, { url: source.url }, error);
  }
}
