import { closeSync, readSync } from 'node:fs';
import type { FileStat, OpenFile } from './analyzer.ts';
import { LimitError } from './error.ts';

/** Bytes that can be read at any offset, synchronously: a buffer, a whole file, or a range of one. */
export type Content = {
  readonly size: number;
  /** Fewer bytes than asked for only at the end. The answer may be a view that holds until this file is done with. */
  read(offset: number, length: number): Buffer;
  /** Reads into `target` from `at` on and answers how many bytes came: fewer than `length` only at the end. */
  readInto(offset: number, target: Buffer, at: number, length: number): number;
  close(): void;
};

export function bufferContent(buffer: Buffer): Content {
  return {
    size: buffer.length,
    read: (offset, length) => buffer.subarray(offset, offset + length),
    readInto: (offset, target, at, length) => buffer.copy(target, at, Math.min(offset, buffer.length), Math.min(offset + length, buffer.length)),
    close: () => {},
  };
}

/** A range of an open file; `own` says that closing the content closes the descriptor. */
export function fileContent(fd: number, start: number, size: number, own = false): Content {
  const readInto = (offset: number, target: Buffer, at: number, length: number): number => {
    const want = Math.max(0, Math.min(length, size - offset));
    let got = 0;
    while (got < want) {
      const n = readSync(fd, target, at + got, want - got, start + offset + got);
      if (n === 0) break;
      got += n;
    }
    return got;
  };
  return {
    size,
    readInto,
    read(offset, length) {
      const want = Math.max(0, Math.min(length, size - offset));
      const buffer = Buffer.allocUnsafe(want);
      const got = readInto(offset, buffer, 0, want);
      return got === want ? buffer : buffer.subarray(0, got);
    },
    close() {
      if (own) closeSync(fd);
    },
  };
}

/** A range of another content. */
export function sliceContent(content: Content, start: number, size: number): Content {
  const within = (offset: number, length: number): number => Math.max(0, Math.min(length, size - offset));
  return {
    size,
    read: (offset, length) => content.read(start + offset, within(offset, length)),
    readInto: (offset, target, at, length) => content.readInto(start + offset, target, at, within(offset, length)),
    close: () => {},
  };
}

const chunk = 256 << 10;
/** The first chunk is small: for a binary file its beginning is all that a reader of text asks for. */
const firstChunk = 16 << 10;

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
      if (content.size === 0) return;
      yield whole(0, firstChunk);
      for (let offset = firstChunk; offset < content.size; offset += chunk) yield whole(offset, chunk);
    },
    random: () => Promise.resolve({ size: content.size, read: (offset, length) => Promise.resolve(whole(offset, length)) }),
  };
}
