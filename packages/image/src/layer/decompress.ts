import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Content } from '../content.ts';
import { DamagedArchive, LimitError } from '../error.ts';
import { limits } from '../limits.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** By the first bytes, never by the media type: that one is only a claim. */
export function compressionOf(content: Content): Compression {
  const magic = content.read(0, 4);
  if (magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip';
  if (magic.length === 4 && magic.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return 'none';
}

const chunk = 256 << 10;

/**
 * The decompressed bytes, and once they are all through the digests of both sides. Throws DamagedArchive when the
 * stream breaks off and LimitError when it grows beyond all reason (zip bombs).
 */
export function decompress(content: Content, compression: Compression): { chunks: AsyncGenerator<Buffer, void>; digests(): { blob: string; diffId: string } } {
  const blob = createHash('sha256');
  const plain = createHash('sha256');
  let read = 0;

  async function* raw(): AsyncGenerator<Buffer, void> {
    for (let offset = 0; offset < content.size; offset += chunk) {
      const bytes = content.read(offset, chunk);
      if (bytes.length === 0) return;
      read += bytes.length;
      blob.update(bytes);
      yield bytes;
    }
  }

  async function* unpacked(): AsyncGenerator<Buffer, void> {
    if (compression === 'none') {
      for await (const bytes of raw()) {
        plain.update(bytes);
        yield bytes;
      }
      return;
    }
    const inflate = compression === 'gzip' ? createGunzip({ chunkSize: chunk }) : createZstdDecompress({ chunkSize: chunk });
    // The consumer sees the error through the iterator; the callback only keeps it from being thrown twice.
    pipeline(Readable.from(raw(), { objectMode: true, highWaterMark: 1 }), inflate, () => {});
    let written = 0;
    try {
      for await (const bytes of inflate as AsyncIterable<Buffer>) {
        written += bytes.length;
        if (written > limits.layerBytes) throw new LimitError('layerBytes', `more than ${limits.layerBytes} bytes decompressed`);
        if (written > limits.ratioGrace && written > read * limits.ratio) {
          throw new LimitError('ratio', `decompresses to more than ${limits.ratio} times its size`);
        }
        plain.update(bytes);
        yield bytes;
      }
    } catch (error) {
      if (error instanceof LimitError) throw error;
      throw new DamagedArchive(`the ${compression} stream is damaged: ${error instanceof Error ? error.message : String(error)}`, error);
    } finally {
      inflate.destroy();
    }
  }

  return { chunks: unpacked(), digests: () => ({ blob: `sha256:${blob.digest('hex')}`, diffId: `sha256:${plain.digest('hex')}` }) };
}
