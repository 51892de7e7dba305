import { limits } from '../limits.ts';
import { HeadError } from './head.ts';

/** Follows chunked framing. Raw bytes are for forwarding, data for inspection. */
export type ChunkedReader = {
  /** Reads on; answers how many bytes belong to this message. Throws HeadError for a malformed chunk. */
  read(buffer: Buffer, data: (piece: Buffer) => void): number;
  readonly done: boolean;
};

const sizeLine = /^([0-9A-Fa-f]{1,8})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const trailerLine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e\x80-\xff]*$/;

export function chunkedReader(status = 400): ChunkedReader {
  let state: 'size' | 'data' | 'data-end' | 'trailers' | 'done' = 'size';
  let left = 0;
  let line = '';
  let trailers = 0;
  const bad = (code: string, reason: string): HeadError => new HeadError(status, code, reason);

  // One line with its CRLF, perhaps over several reads; undefined while it is not whole.
  function takeLine(buffer: Buffer, at: number, most: number): { readonly text: string | undefined; readonly next: number } {
    const end = buffer.indexOf(10, at);
    const piece = buffer.toString('latin1', at, end < 0 ? buffer.length : end + 1);
    line += piece;
    if (line.length > most) throw bad('chunk-line', 'a chunk line or trailer is too long');
    if (end < 0) return { text: undefined, next: buffer.length };
    const text = line;
    line = '';
    if (!text.endsWith('\r\n') || text.indexOf('\r') !== text.length - 2) throw bad('bare-line-end', 'a bare CR or LF in chunked framing');
    return { text: text.slice(0, -2), next: end + 1 };
  }

  return {
    get done() {
      return state === 'done';
    },
    read(buffer, data) {
      let at = 0;
      while (at < buffer.length && state !== 'done') {
        if (state === 'data') {
          const take = Math.min(left, buffer.length - at);
          data(buffer.subarray(at, at + take));
          at += take;
          left -= take;
          if (left === 0) state = 'data-end';
          continue;
        }
        const taken = takeLine(buffer, at, state === 'trailers' ? limits.trailerBytes : limits.chunkLineBytes);
        at = taken.next;
        const { text } = taken;
        if (text === undefined) break;
        if (state === 'data-end') {
          if (text !== '') throw bad('chunk-end', 'a chunk is longer than it says');
          state = 'size';
        } else if (state === 'size') {
          const size = sizeLine.exec(text);
          if (size === null) throw bad('chunk-size', 'a chunk size is malformed');
          left = Number.parseInt(size[1]!, 16);
          state = left === 0 ? 'trailers' : 'data';
        } else if (text === '') state = 'done';
        else {
          trailers += text.length;
          if (trailers > limits.trailerBytes || !trailerLine.test(text)) throw bad('trailer', 'a trailer is malformed or too long');
        }
      }
      return at;
    },
  };
}
