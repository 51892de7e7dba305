import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { download } from '../src/download.ts';
import { scratch } from './kit.ts';

const content = Buffer.from('0123456789'.repeat(100));
const source = { url: 'https://feeds.example/x.zip', name: 'x.zip' };
const signal = new AbortController().signal;

// A server in a function: ranges when the tag fits, and a connection that breaks after `breakAt` bytes.
function server(asked: Headers[], breakAt = Number.POSITIVE_INFINITY, tag = '"v1"'): typeof fetch {
  return (_url, init) => {
    const headers = new Headers(init?.headers);
    asked.push(headers);
    const from = headers.get('if-range') === tag ? Number(/bytes=(\d+)-/.exec(headers.get('range') ?? '')?.[1] ?? 0) : 0;
    const rest = content.subarray(from);
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(rest.subarray(0, Math.min(breakAt, rest.length))));
        if (breakAt >= rest.length) controller.close();
      },
      pull(controller) {
        controller.error(new Error('connection reset'));
      },
    });
    return Promise.resolve(new Response(body, { status: from > 0 ? 206 : 200, headers: { etag: tag, 'content-length': String(rest.length) } }));
  };
}

it('goes on where it was cut off', async () => {
  const file = path.join(scratch(), 'x.zip');
  const asked: Headers[] = [];
  await expect(download(source, file, { fetch: server(asked, 400), signal })).rejects.toThrow(/connection reset/);
  expect(existsSync(file)).toBe(false);
  // What reached the disk before the break differs from run to run; put a known part there.
  writeFileSync(`${file}.part`, content.subarray(0, 300));
  await download(source, file, { fetch: server(asked), signal });
  expect(asked[1]?.get('range')).toBe('bytes=300-');
  expect(readFileSync(file).equals(content)).toBe(true);
});

it('starts anew when the file changed on the server', async () => {
  const file = path.join(scratch(), 'x.zip');
  writeFileSync(`${file}.part`, 'something old');
  writeFileSync(`${file}.etag`, '"v0"');
  await download(source, file, { fetch: server([]), signal });
  expect(readFileSync(file).equals(content)).toBe(true);
});

it('refuses what is not https, an error page and a short answer', async () => {
  const file = path.join(scratch(), 'x.zip');
  await expect(download({ ...source, url: 'http://feeds.example/x' }, file, { fetch: server([]), signal })).rejects.toThrow(/only https/);
  await expect(download(source, file, { fetch: () => Promise.resolve(new Response('no', { status: 503 })), signal })).rejects.toThrow(/answered 503/);
  await expect(download(source, file, { fetch: () => Promise.resolve(new Response('short', { headers: { 'content-length': '99' } })), signal })).rejects.toThrow(/5 of 99 bytes/);
  expect(existsSync(file)).toBe(false);
});
