import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { conformance, unpack } from '../conformance-data.ts';

const root = path.resolve(import.meta.dirname, '../..');

function closing(rules: string, tests: string, more: readonly string[]): { passed: number; failed: number } {
  const rulesFolder = unpack(rules);
  const testsFolder = unpack(tests);
  let output: string;
  try {
    output = execFileSync(path.join(root, 'palisade'), ['waf', 'test', '--rules', `${rulesFolder}/crs-setup.conf.example`, '--rules', `${rulesFolder}/rules/*.conf`,
      ...more.flatMap((file) => ['--overrides', path.join(testsFolder, file)]), testsFolder], { encoding: 'utf8', env: { ...process.env, PALISADE_DEV: '1' } });
  } catch (error) {
    output = (error as { stdout?: string }).stdout ?? '';
  }
  const found = /(\d+) passed, (\d+) failed\n$/.exec(output);
  return { passed: Number(found?.[1] ?? 0), failed: Number(found?.[2] ?? -1) };
}

conformance('CRS regression suites', ['crs-3.3.4-tests.tar.gz', 'crs-4.28.0-tests.tar.gz'], () => {
  it('passes 3.3.4', () => {
    expect(closing('crs-3.3.4-rules.tar.gz', 'crs-3.3.4-tests.tar.gz', [])).toEqual({ passed: 1230, failed: 0 });
  });
  it('passes 4.28 as written, and behind the servers that the override lists are for', () => {
    for (const more of [[], ['coraza']]) expect(closing('crs-4.28.0-rules.tar.gz', 'crs-4.28.0-tests.tar.gz', more.map((name) => `tests/regression/${name}-overrides.yaml`))).toEqual({ passed: 2430, failed: 0 });
  });
  it('passes 4.28 with the list for libmodsecurity but for three lines that it logs for half a chain', () => {
    expect(closing('crs-4.28.0-rules.tar.gz', 'crs-4.28.0-tests.tar.gz', ['tests/regression/nginx-overrides.yaml'])).toEqual({ passed: 2427, failed: 3 });
  });
});
