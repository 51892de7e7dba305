import { closeSync, readSync } from 'node:fs';
import type { FileStat, OpenFile } from './analyzer.ts';
import { LimitError } from './error.ts';

/** Bytes that can be read at any offset, synchronously: a buffer, a whole file, or a range of one. */
export type Content = {
  readonly size: number;
  /** Fewer bytes than asked for only at the end. */
  read(offset: number, length: number): Buffer;
  close(): void;
};

export function bufferContent(buffer: Buffer): Content {
  return { size: buffer.length, read: (offset, length) => buffer.subarray(offset, offset + length), close: () => {} };
}

/** A range of an open file; `own` says that closing the content closes the descriptor. */
export function fileContent(fd: number, start: number, size: number, own = false): Content {
  return {
    size,
    read(offset, length) {
      const want = Math.max(0, Math.min(length, size - offset));
      const buffer = Buffer.allocUnsafe(want);
      let got = 0;
      while (got < want) {
        const n = readSync(fd, buffer, got, want - got, start + offset + got);
        if (n === 0) break;
        got += n;
      }
      return got === want ? buffer : buffer.subarray(0, got);
    },
    close() {
      if (own) closeSync(fd);
    },
  };
}

/** A range of another content. */
export function sliceContent(content: Content, start: number, size: number): Content {
  return { size, read: (offset, length) => content.read(start + offset, Math.max(0, Math.min(length, size - offset))), close: () => {} };
}

const chunk = 256 << 10;

/** The analyzer's view of one file. A file that turns out shorter than its header says is a truncation, never silence. */
export function openFile(stat: FileStat, content: Content): OpenFile {
  const whole = (offset: number, length: number): Buffer => {
    const bytes = content.read(offset, length);
    const expected = Math.max(0, Math.min(length, content.size - offset));
    if (bytes.length < expected) throw new LimitError('truncated', `${stat.path} ends after ${offset + bytes.length} of ${content.size} bytes`);
    return bytes;
  };
  return {
    stat,
    bytes(limit) {
      if (content.size > limit) {
        return Promise.reject(new LimitError('file-size', `${stat.path} has ${content.size} bytes, more than ${limit}`));
      }
      return Promise.resolve(whole(0, content.size));
    },
    async *stream() {
      for (let offset = 0; offset < content.size; offset += chunk) yield whole(offset, chunk);
    },
    random: () => Promise.resolve({ size: content.size, read: (offset, length) => Promise.resolve(whole(offset, length)) }),
  };
}
