import { existsSync } from 'node:fs';
import path from 'node:path';
import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const data = path.resolve(root, process.env['PALISADE_CONFORMANCE_DATA'] ?? '../shared/data');

/** Absolute path of one file or folder of the conformance data. */
export function dataPath(name: string): string {
  return path.join(data, name);
}

/** Unpacks one of the data's tar.gz archives into a new temporary folder and returns that folder. */
export function unpack(name: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-data-'));
  execFileSync('tar', ['-xzf', dataPath(name), '-C', folder, '--no-same-owner']);
  return folder;
}

/**
 * A suite that reads the conformance data. Where the data is absent it is one skipped test that is
 * listed in test/skips.txt; under CI=true it fails instead.
 */
export function conformance(name: string, needs: readonly string[], suite: () => void): void {
  const missing = needs.filter((file) => !existsSync(dataPath(file)));
  if (missing.length === 0) {
    describe(name, suite);
    return;
  }
  if (process.env['CI'] === 'true') {
    it(name, () => {
      throw new Error(`conformance data is absent: ${missing.join(', ')} under ${data}`);
    });
    return;
  }
  it.skip(`${name}: conformance data is absent (${missing.join(', ')})`, () => {});
}
