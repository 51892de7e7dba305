import { closeSync, openSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Writes a result so that a reader of `file` sees all of it or what was there before. What is no regular file
 * (/dev/stdout, a pipe) is written to directly. Throws what the file system says.
 */
export function writeOutput(file: string, text: Iterable<string>): void {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() === false) {
    for (const piece of gathered(text)) writeFileSync(file, piece, { flag: 'a' });
    return;
  }
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.part`);
  try {
    const fd = openSync(fresh, 'wx', 0o644);
    try {
      for (const piece of gathered(text)) writeFileSync(fd, piece);
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, file);
  } catch (error) {
    rmSync(fresh, { force: true });
    throw error;
  }
}

/** Pieces joined until they are worth a call. */
export function* gathered(pieces: Iterable<string>): Generator<string> {
  let held = '';
  for (const piece of pieces) {
    held += piece;
    if (held.length < 1 << 16) continue;
    yield held;
    held = '';
  }
  if (held !== '') yield held;
}
