import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, zstdDecompress } from 'node:zlib';
import { limits } from '../limits.ts';

const decoders: Readonly<Record<string, (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify(gunzip), 'x-gzip': promisify(gunzip), deflate: promisify(inflate), br: promisify(brotliDecompress), zstd: promisify(zstdDecompress),
};

export type Decoded = { readonly bytes: Buffer } | { readonly failed: 'unknown-coding' | 'damaged' | 'too-large'; readonly reason: string };

/** Undoes a Content-Encoding for inspection; what unpacks to more than `most` bytes, or to an absurd multiple, is refused. */
export async function decodeContent(coding: string, bytes: Buffer, most: number): Promise<Decoded> {
  let current = bytes;
  const words = coding.toLowerCase().split(',').map((word) => word.trim()).filter((word) => word !== '' && word !== 'identity');
  if (words.length > 3) return { failed: 'unknown-coding', reason: 'more than three content codings on each other' };
  for (const word of words.reverse()) {
    const decode = Object.hasOwn(decoders, word) ? decoders[word] : undefined;
    if (decode === undefined) return { failed: 'unknown-coding', reason: `content coding ${word.slice(0, 40)} can't be read` };
    try {
      current = await decode(current, { maxOutputLength: Math.min(most, Math.max(1 << 20, bytes.length * limits.decodedRatio)) });
    } catch (error) {
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
      return { failed: tooLarge ? 'too-large' : 'damaged', reason: tooLarge ? `the body unpacks to more than may be inspected (${most} bytes)` : `the body is not ${word}` };
    }
  }
  return { bytes: current };
}
