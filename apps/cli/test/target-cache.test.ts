import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { settledFile } from '@palisade/image/cache/settled-file';
import type { Described } from '../src/scan/describe.ts';
import { readTarget } from '../src/scan/read.ts';
import { dockerArchive, tar } from '../../../test/tar-writer.ts';

let folder = '';
let clock: { mockRestore(): void };
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-target-'));
  // Files of this test were written a moment ago; the machine's clock is taken to be an hour further.
  const now = Date.now();
  clock = vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
});
afterEach(() => {
  clock.mockRestore();
  rmSync(folder, { recursive: true, force: true });
});

const layer = (name: string): Buffer => tar([{ name: 'app/package.json', body: `{"name":"${name}","version":"1.0.0"}` }]);
const archive = (name: string): Buffer => dockerArchive([{ plain: layer(name), diffId: `sha256:${'a'.repeat(64)}` }]);

async function read(file: string, { verify = false, build = 'one' } = {}): Promise<Described> {
  const io = { env: {}, locale: 'en' as const, cwd: folder, stdin: process.stdin, out: () => {}, err: () => {}, progress: false, color: false, signal: new AbortController().signal, self: [] };
  const outcome = await readTarget({ kind: 'archive', ref: file, guessed: false }, { io, signal: io.signal, verify, cache: path.join(folder, 'cache/layers'), memory: 2 ** 30, time: 60_000, build });
  if ('failed' in outcome) throw new Error(outcome.failed.reason);
  return outcome.described;
}

const names = ({ scan }: Described): string[] => scan.packages.map((one) => one.name);

describe('results kept of whole targets', () => {
  it('serve the very same file, and nothing that only claims to be it', async () => {
    const file = path.join(folder, 'image.tar');
    writeFileSync(file, archive('clean'));
    const first = await read(file);
    expect(names(first)).toEqual(['clean']);
    // What the second reading cannot see: proof that it did not look.
    rmSync(path.join(folder, 'cache/layers'), { recursive: true, force: true });
    expect(await read(file)).toEqual(first);
    expect(statSync(path.join(folder, 'cache/layers'), { throwIfNoEntry: false })).toBeUndefined();

    // Written over in place, same size, times put back.
    const before = statSync(file);
    const fd = openSync(file, 'r+');
    const bytes = archive('dirty');
    writeSync(fd, bytes, 0, bytes.length, 0);
    closeSync(fd);
    utimesSync(file, before.atime, before.mtime);
    expect(statSync(file).size).toBe(before.size);
    expect(names(await read(file))).toEqual(['dirty']);

    const other = path.join(folder, 'other.tar');
    copyFileSync(file, other);
    expect(names(await read(other))).toEqual(['dirty']);
  });

  it('are not asked under --verify nor by another build', async () => {
    const file = path.join(folder, 'image.tar');
    writeFileSync(file, archive('clean'));
    await read(file);
    for (const options of [{ verify: true }, { build: 'two' }]) {
      rmSync(path.join(folder, 'cache/layers'), { recursive: true, force: true });
      const again = await read(file, options);
      expect(names(again)).toEqual(['clean']);
      if (options.verify !== true) expect(statSync(path.join(folder, 'cache/layers')).isDirectory()).toBe(true);
      else expect(again.scan.gaps.map((gap) => gap.kind)).toEqual(['digest-mismatch']);
    }
  });
});

it('a file written a moment ago has no name yet', () => {
  const file = path.join(folder, 'fresh');
  writeFileSync(file, 'x');
  const fd = openSync(file, 'r');
  try {
    const written = statSync(file).ctimeMs;
    expect(settledFile(fd, written + 1999)).toBeUndefined();
    expect(settledFile(fd, written - 60_000)).toBeUndefined();
    expect(settledFile(fd, written + 2001)).toBe(settledFile(fd, written + 90_000));
  } finally {
    closeSync(fd);
  }
});
