import { closeSync, openSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import path from 'node:path';

/** What a folder of kept results may grow to, and how long one stays that nothing asked for. Bytes, milliseconds. */
export const cacheLimits = { bytes: 2 * 2 ** 30, age: 30 * 86_400_000, between: 86_400_000 } as const;

/**
 * Removes from a folder store what nobody has asked for in a long time, and the longest unused beyond a size; at most once a
 * day, which a file in the folder remembers. Answers how many entries went. A folder that is not there or may not be written
 * is left as it is: keeping results costs time, never a scan.
 */
export function pruneStore(folder: string, now = Date.now(), limits: { readonly bytes: number; readonly age: number; readonly between: number } = cacheLimits): number {
  const stamp = path.join(folder, 'pruned');
  try {
    const last = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (now - last < limits.between) return 0;
    closeSync(openSync(stamp, 'a', 0o600));
    utimesSync(stamp, now / 1000, now / 1000);
    const entries = entriesOf(folder).sort((a, b) => b.used - a.used);
    let kept = 0;
    let removed = 0;
    for (const { file, bytes, used } of entries) {
      if (now - used <= limits.age && kept + bytes <= limits.bytes) kept += bytes;
      else {
        rmSync(file, { force: true });
        removed += 1;
      }
    }
    return removed;
  } catch {
    return 0;
  }
}

function entriesOf(folder: string): { file: string; bytes: number; used: number }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isDirectory() && /^[0-9a-f]{2}$/.test(one.name))
    .flatMap((one) => readdirSync(path.join(folder, one.name)).map((name) => path.join(folder, one.name, name)))
    .flatMap((file) => {
      // Another scan may take one away meanwhile.
      const stat = statSync(file, { throwIfNoEntry: false });
      return stat?.isFile() === true ? [{ file, bytes: stat.size, used: stat.mtimeMs }] : [];
    });
}
