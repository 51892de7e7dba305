import { readSync, writeSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import type { CacheStore } from '@palisade/image/cache/cache';

// The cache belongs to the parent; a worker asks for entries over one socket, one request at a time:
// "read KEY\n", "remove KEY\n" or "write KEY LENGTH\n" with LENGTH bytes. A read is answered "LENGTH\n" and the bytes, -1 for none.

const keyForm = /^[0-9a-f]{64}$/;
/** One packed entry; larger ones are not kept. */
const maxEntry = 64 << 20;

/** The worker's side: synchronous, because the reader of layers is. */
export function linkedStore(fd: number): CacheStore {
  const send = (bytes: Uint8Array): void => {
    for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
  };
  const receive = (length: number): Buffer => {
    const bytes = Buffer.alloc(length);
    for (let got = 0; got < length; ) {
      const n = readSync(fd, bytes, got, length - got, null);
      if (n === 0) throw new Error('the layer cache went away');
      got += n;
    }
    return bytes;
  };
  const line = (): string => {
    let text = '';
    for (let one = receive(1); one[0] !== 10; one = receive(1)) text += one.toString('latin1');
    return text;
  };
  return {
    read(key) {
      send(Buffer.from(`read ${key}\n`));
      const length = Number(line());
      return length < 0 ? undefined : receive(length);
    },
    write(key, bytes) {
      if (bytes.length > maxEntry) return;
      send(Buffer.from(`write ${key} ${bytes.length}\n`));
      send(bytes);
    },
    remove: (key) => send(Buffer.from(`remove ${key}\n`)),
  };
}

/** The parent's side. A worker that breaks the form gets no more answers. */
export function serveStore(socket: Duplex, store: CacheStore): void {
  let held: Buffer = Buffer.alloc(0);
  let writing: { key: string; length: number } | undefined;
  socket.on('error', () => {});
  socket.on('data', (bytes: Buffer) => {
    held = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
    while (step());
  });

  function step(): boolean {
    if (writing !== undefined) {
      if (held.length < writing.length) return false;
      store.write(writing.key, Buffer.from(held.subarray(0, writing.length)));
      held = held.subarray(writing.length);
      writing = undefined;
      return true;
    }
    const end = held.indexOf(10);
    if (end < 0) {
      if (held.length > 200) socket.destroy();
      return false;
    }
    const [verb, key = '', size = '0'] = held.toString('latin1', 0, Math.min(end, 200)).split(' ');
    held = held.subarray(end + 1);
    const length = Number(size);
    if (!keyForm.test(key) || !Number.isInteger(length) || length < 0 || length > maxEntry) socket.destroy();
    else if (verb === 'write') writing = { key, length };
    else if (verb === 'remove') store.remove(key);
    else if (verb === 'read') {
      const entry = store.read(key);
      socket.write(`${entry === undefined ? -1 : entry.length}\n`);
      if (entry !== undefined) socket.write(entry);
    } else socket.destroy();
    return !socket.destroyed;
  }
}
