import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { compareVersions } from '@palisade/version/compare';
import { conformance, unpack } from '../conformance-data.ts';

/** File → scheme and the least number of lines that must run. */
const corpora: Readonly<Record<string, readonly [scheme: string, floor: number]>> = {
  'alpine-versions.txt': ['apk', 480],
  'alpine-versions-generated.txt': ['apk', 9300],
  'cran-versions.txt': ['cran', 14],
  'cran-versions-generated.txt': ['cran', 38],
  'debian-versions.txt': ['deb', 20],
  'debian-versions-generated.txt': ['deb', 9600],
  'hackage-versions.txt': ['hackage', 8],
  'maven-versions.txt': ['maven', 68],
  'maven-versions-generated.txt': ['maven', 9800],
  'nuget-versions.txt': ['nuget', 20],
  'packagist-versions.txt': ['packagist', 55],
  'packagist-versions-generated.txt': ['packagist', 7000],
  'pub-versions.txt': ['pub', 60],
  'pypi-versions.txt': ['pep440', 20],
  'pypi-versions-generated.txt': ['pep440', 8200],
  'redhat-versions.txt': ['rpm', 90],
  'rubygems-versions.txt': ['gem', 17],
  'rubygems-versions-generated.txt': ['gem', 2700],
  'semver-versions.txt': ['semver', 50],
};

conformance('version order', ['version-fixtures.tar.gz'], () => {
  const folder = unpack('version-fixtures.tar.gz');

  for (const [file, [scheme, floor]] of Object.entries(corpora)) {
    it(`${file}: every line both ways as ${scheme}`, () => {
      const wrong: string[] = [];
      let lines = 0;
      for (const [index, line] of readFileSync(path.join(folder, file), 'utf8').split('\n').entries()) {
        const match = /^(\S+) ([<=>]) (\S+)$/.exec(line.trim());
        if (match === null || line.startsWith('//')) {
          if (line.trim() !== '' && !/^(#|\/\/)/.test(line)) wrong.push(`${index + 1}: not read: ${line}`);
          continue;
        }
        const [, a = '', sign = '', b = ''] = match;
        lines += 1;
        const wanted = ['<', '=', '>'].indexOf(sign) - 1;
        // Plus zero, since -0 is not 0 for some comparisons.
        if (answer(scheme, a, b) !== wanted) wrong.push(`${index + 1}: ${line}, found ${answer(scheme, a, b)}`);
        if (answer(scheme, b, a) !== 0 - wanted) wrong.push(`${index + 1}: reversed ${line}, found ${answer(scheme, b, a)}`);
      }
      expect(wrong).toEqual([]);
      expect(lines).toBeGreaterThanOrEqual(floor);
    });
  }
});

function answer(scheme: string, a: string, b: string): number | string {
  try {
    return compareVersions(scheme, a, b);
  } catch (error) {
    return String(error);
  }
}
