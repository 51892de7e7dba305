import { closeSync, mkdtempSync, openSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Content } from '../content.ts';
import { bufferContent, fileContent } from '../content.ts';
import { limits } from '../limits.ts';

/** Takes a body chunk by chunk: in memory while small, else in a temporary file that has no name any more. */
export type Spool = { write(bytes: Buffer): void; content(): Content };

export function createSpool(size: number): Spool {
  if (size <= limits.inMemory) {
    const parts: Buffer[] = [];
    return { write: (bytes) => void parts.push(Buffer.from(bytes)), content: () => bufferContent(Buffer.concat(parts)) };
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-spool-'));
  const file = path.join(folder, 'body');
  const fd = openSync(file, 'wx+', 0o600);
  // Unlinked at once: whatever happens to this process, nothing stays behind.
  unlinkSync(file);
  rmSync(folder, { recursive: true, force: true });
  let written = 0;
  return {
    write(bytes) {
      for (let offset = 0; offset < bytes.length; ) {
        const n = writeSync(fd, bytes, offset, bytes.length - offset, written);
        offset += n;
        written += n;
      }
    },
    content: () => (written === 0 ? (closeSync(fd), bufferContent(Buffer.alloc(0))) : fileContent(fd, 0, written, true)),
  };
}
