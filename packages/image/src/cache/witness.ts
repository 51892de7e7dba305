import { createHash } from 'node:crypto';
import type { Content } from '../content.ts';

/**
 * Which bytes of a content an analysis looked at, in that order, and the digest over them. An analysis is a function
 * of what it read: where the same places hold the same bytes, its result is the same, whatever stands elsewhere.
 * `reads`: offset and length in turn.
 */
export type Witness = { readonly reads: readonly number[]; readonly digest: string };

const batch = 256 << 10;

/** The same content, watched. `witness` answers for everything read so far and ends the watch. */
export function watched(content: Content): { readonly content: Content; witness(): Witness } {
  const hash = createHash('sha256');
  const reads: number[] = [];
  // Headers are 512 bytes each: hashed in batches, since a call costs more than they do.
  const waiting = Buffer.allocUnsafe(batch);
  let held = 0;
  const flush = (): void => {
    if (held > 0) hash.update(waiting.subarray(0, held));
    held = 0;
  };
  const note = (offset: number, bytes: Buffer): void => {
    const last = reads.length - 2;
    if (last >= 0 && (reads[last] ?? 0) + (reads[last + 1] ?? 0) === offset) reads[last + 1] = (reads[last + 1] ?? 0) + bytes.length;
    else reads.push(offset, bytes.length);
    if (held + bytes.length > batch) flush();
    if (bytes.length > batch) hash.update(bytes);
    else held += bytes.copy(waiting, held);
  };
  return {
    content: {
      size: content.size,
      read(offset, length) {
        const bytes = content.read(offset, length);
        note(offset, bytes);
        return bytes;
      },
      readInto(offset, target, at, length) {
        const got = content.readInto(offset, target, at, length);
        note(offset, target.subarray(at, at + got));
        return got;
      },
      close: () => content.close(),
    },
    witness() {
      flush();
      return { reads, digest: hash.digest('hex') };
    },
  };
}

/** True when the content holds at those places what the witness saw there. */
export function confirms(content: Content, { reads, digest }: Witness): boolean {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(batch);
  for (let index = 0; index + 1 < reads.length; index += 2) {
    const offset = reads[index] ?? 0;
    const length = reads[index + 1] ?? 0;
    for (let done = 0; done < length; ) {
      const got = content.readInto(offset + done, buffer, 0, Math.min(batch, length - done));
      if (got === 0) return false;
      hash.update(buffer.subarray(0, got));
      done += got;
    }
  }
  return hash.digest('hex') === digest;
}
