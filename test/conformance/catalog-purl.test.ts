import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { purlOf } from '@palisade/catalog/purl';
import { conformance, dataPath, unpack } from '../conformance-data.ts';

type Parts = { type: string; namespace: string | null; name: string | null; version: string | null; qualifiers: Record<string, string> | null; subpath: string | null };
type Case = { description: string; test_type: string; input: Parts | string; expected_output: string; expected_failure: boolean };

// The package types that our cataloguers write.
const types = new Set(['apk', 'cargo', 'composer', 'conan', 'cran', 'deb', 'gem', 'golang', 'hex', 'maven', 'npm', 'nuget', 'pub', 'pypi', 'rpm']);

conformance('purls of found packages', ['purl/purl-tests.tar.gz', 'purl/test-suite-data.json'], () => {
  it('builds what the new suite expects', () => {
    const folder = path.join(unpack('purl/purl-tests.tar.gz'), 'tests/types');
    const wrong: string[] = [];
    let cases = 0;
    for (const file of readdirSync(folder)) {
      for (const one of (JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as { tests: Case[] }).tests) {
        if (one.test_type !== 'build' || typeof one.input === 'string' || one.expected_failure || !types.has(one.input.type)) continue;
        cases += 1;
        check(one.input, one.expected_output, one.description, wrong);
      }
    }
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(15);
  });

  it('builds what the classic suite calls canonical', () => {
    const wrong: string[] = [];
    let cases = 0;
    for (const one of JSON.parse(readFileSync(dataPath('purl/test-suite-data.json'), 'utf8')) as (Parts & { description: string; canonical_purl: string; is_invalid: boolean })[]) {
      if (one.is_invalid || !types.has(one.type)) continue;
      cases += 1;
      // The classic suite leaves "/" in qualifiers, the new one encodes it: ours is the new form.
      check(one, one.canonical_purl.replace(/(repository_url=[^&]*)\//, '$1%2F'), one.description, wrong);
    }
    expect(wrong).toEqual([]);
    expect(cases).toBeGreaterThanOrEqual(20);
  });
});

function check(parts: Parts, expected: string, description: string, wrong: string[]): void {
  const found = purlOf(
    {
      type: parts.type,
      name: parts.name ?? '',
      version: parts.version ?? '',
      ...(parts.namespace === null ? {} : { namespace: parts.namespace }),
      ...(parts.qualifiers === null ? {} : { qualifiers: parts.qualifiers }),
      ...(parts.subpath === null ? {} : { subpath: parts.subpath }),
    },
    undefined,
  );
  if (found !== expected) wrong.push(`${description}: ${found}, expected ${expected}`);
}
