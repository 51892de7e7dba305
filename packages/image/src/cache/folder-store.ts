import { mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CacheStore } from './cache.ts';

/** Entries as files under `folder`, each written beside its place and then renamed; `failed` hears of what could not be kept. */
export function folderStore(folder: string, failed: (reason: string) => void = () => {}): CacheStore {
  const fileOf = (key: string): string => path.join(folder, key.slice(0, 2), `${key.slice(2)}.json.zst`);
  return {
    read(key) {
      const file = fileOf(key);
      let bytes: Buffer;
      try {
        bytes = readFileSync(file);
      } catch {
        return undefined;
      }
      try {
        // When it was last asked for decides what goes first.
        const now = Date.now() / 1000;
        utimesSync(file, now, now);
      } catch {
        // Another's, or on a disk that takes no writes: it only looks older than it is.
      }
      return bytes;
    },
    write(key, bytes) {
      const file = fileOf(key);
      const fresh = `${file}.${process.pid}`;
      try {
        mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
        writeFileSync(fresh, bytes, { mode: 0o600 });
        renameSync(fresh, file);
      } catch (error) {
        rmSync(fresh, { force: true });
        failed(error instanceof Error ? error.message : String(error));
      }
    },
    remove: (key) => rmSync(fileOf(key), { force: true }),
  };
}
