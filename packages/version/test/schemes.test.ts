import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { compareVersions } from '@palisade/version/compare';
import { schemeOfEcosystem } from '@palisade/version/ecosystem';
import { findScheme, schemes } from '@palisade/version/registry';
import type { SchemeCase } from './accept-version-scheme.ts';
import { acceptVersionScheme } from './accept-version-scheme.ts';

const common = ['0', '1', '2', '10', '01', '.', '-', 'a', 'b', 'z'];

const cases: Readonly<Record<string, SchemeCase>> = {
  apk: {
    ordered: ['0.9', '1.0_alpha', '1.0_beta2', '1.0_pre1', '1.0_rc1', '1.0', '1.0-r1', '1.0_git1', '1.0_p1', '1.0a', '1.0.1', '1.02', '1.1', '1.10'],
    equal: [['1.0', '1.0'], ['1-r1', '1-r01']],
    refused: [],
    alphabet: [...common, '_rc', '_p', '-r', '~ab', '_'],
  },
  cran: { ordered: ['0.1-1', '0.1-4', '0.1.5', '1.0', '1.0.0'], equal: [['0.1-0', '0.01.0']], refused: ['a', '1.x'], alphabet: common },
  deb: {
    ordered: ['0.9', '1.0~~', '1.0~rc1', '1.0', '1.0-1~deb12u1', '1.0-1', '1.0-1+b1', '1.0-1.1', '1.0a', '1.0+', '1.2', '1.10', '1:0.1'],
    equal: [['1.0', '0:1.0', '1.0-0'], ['1.01', '1.1']],
    refused: ['abc', '1:', ':1', 'a:1', '1.0-', '1.0_2', '99999999999:1'],
    alphabet: [...common, '~', '+', ':'],
  },
  gem: { ordered: ['0.9', '1.0.a.2', '1.0.a.10', '1.0.b1', '1.0', '1.0.1', '1.10'], equal: [['1.0', '1', '1.0.0'], ['1.0.a2', '1.0.a.2', '1.a2']], refused: ['a', '1..2', '1.', '1_2'], alphabet: common },
  go: {
    ordered: ['v0.0.0-20190101000000-abcdefabcdef', 'v0.0.0-20200101000000-000000000000', 'v1.0.0-rc.1', 'v1.0.0', 'v1.2.0', 'v1.10.0', 'go1.21rc2', 'go1.21', 'go1.22.1'],
    equal: [['v2.0.0+incompatible', 'v2.0.0', '2.0.0'], ['go1.21', '1.21.0'], ['go1.21rc2', '1.21.0-rc.2']],
    refused: ['(devel)', 'master', 'go', 'v'],
    alphabet: [...common, 'v', '+', 'rc'],
  },
  hackage: { ordered: ['0.9', '1', '1.0', '1.0.0', '1.1', '1.10'], equal: [['1.01', '1.1']], refused: ['a', '1-1', '1.'], alphabet: common },
  maven: {
    ordered: ['1-alpha', '1-beta', '1-milestone', '1-rc', '1-SNAPSHOT', '1', '1-sp', '1-abc', '1-def', '1-1', '1.1', '1.10'],
    equal: [['1', '1.0', '1.0.0', '1-ga', '1.final', '1-RELEASE'], ['1a1', '1-alpha-1'], ['1cr2', '1rc2']],
    refused: [],
    alphabet: [...common, 'rc', 'ga', 'alpha', 'snapshot', 'sp'],
    notTransitive: 'Maven orders 1.x < 1-alpha by the kind of separator, 1-alpha < 1 and 1 < 1.x by the word',
  },
  nuget: { ordered: ['1.0.0-alpha', '1.0.0-beta.2', '1.0.0-beta.10', '1.0.0', '1.0.0.1', '1.0.1'], equal: [['1.0', '1.0.0.0', '1.0.0+abc'], ['1.0-BETA', '1.0-beta']], refused: ['a', '1.0.0.0.0', '1..0'], alphabet: common },
  packagist: { ordered: ['dev-main', '1.0-dev', '1.0a1', '1.0b1', '1.0RC1', '1.0', '1.0.0', '1.0.1', '1.0pl1', '1.2', '1.10'], equal: [['v1.0', 'V1.0', '1.0'], ['1.0b2', '1.0-beta.2']], refused: [], alphabet: [...common, 'dev', 'RC', 'p'] },
  pep440: {
    ordered: ['0.1-charmander', '1.0.dev1', '1.0a1.dev1', '1.0a1', '1.0b2', '1.0rc1', '1.0', '1.0+abc', '1.0+abc.5', '1.0+5', '1.0.post1.dev1', '1.0.post1', '1.1', '1.10', '1!0.1'],
    equal: [['1.0', '1', 'v1.0.0'], ['1.0rc1', '1.0-c.1', '1.0PRE1'], ['1.0-1', '1.0.post1', '1.0rev1']],
    refused: [],
    alphabet: [...common, 'rc', '.dev', '.post', '+', '!'],
  },
  pub: { ordered: ['1.0.0-pre', '1.0.0-pre+b', '1.0.0', '1.0.0+1', '1.0.0+2', '1.0.0+a', '1.0.1'], equal: [['1.0.0', 'v1.0.0']], refused: ['a', '1.x'], alphabet: [...common, '+'] },
  rpm: {
    ordered: ['1.0~rc1', '1.0~rc1^git1', '1.0', '1.0-', '1.0-1.el8', '1.0-1.1', '1.0^git1', '1.0.a', '1.0.1', '1.10', '1:0.1'],
    equal: [['1.0', '0:1.0', '1_0', '1.00']],
    refused: [],
    alphabet: [...common, '~', '^', ':', '_'],
  },
  semver: {
    ordered: ['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11', '1.0.0-rc.1', '1.0.0', '1.0.1', '1.2.0', '1.10.0', '99999999999999999999.0.0'],
    equal: [['1.0.0', 'v1.0.0', '1', '1.0.0+build']],
    refused: ['abc', '1.x', '1.0.0-', '1.0.0-a..b', 'latest'],
    alphabet: [...common, '+', 'rc'],
  },
};

for (const scheme of schemes) acceptVersionScheme(scheme, cases[scheme.id] as SchemeCase);

it('registers every folder under its own name, with names that are used once', () => {
  const folders = readdirSync(path.join(import.meta.dirname, '../src'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(schemes.map((scheme) => scheme.id)).toEqual(folders.map((folder) => folder.name).sort());
  expect(Object.keys(cases).sort()).toEqual(schemes.map((scheme) => scheme.id));
  const names = schemes.flatMap((scheme) => [scheme.id, ...scheme.aliases]);
  expect(new Set(names).size).toBe(names.length);
  expect(names.every((name) => name === name.toLowerCase())).toBe(true);
});

it('compares by id and by alias, in any case', () => {
  expect(compareVersions('Debian', '1.0~rc1', '1.0')).toBe(-1);
  expect(compareVersions('npm', '1.10.0', '1.9.0')).toBe(1);
  expect(compareVersions('pypi', '1.0', '1')).toBe(0);
  expect(compareVersions('Rocky Linux:9', '1.0^git1', '1.0')).toBe(1);
  expect(() => compareVersions('cobol', '1', '2')).toThrow(/unknown version scheme "cobol"; known are apk/);
});

it('knows the scheme of an OSV ecosystem, and a scheme for each it names', () => {
  expect(schemeOfEcosystem('Debian:12')).toBe('deb');
  expect(schemeOfEcosystem('Alpine:v3.20')).toBe('apk');
  expect(schemeOfEcosystem('crates.io')).toBe('semver');
  expect(schemeOfEcosystem('constructor')).toBeUndefined();
  for (const name of ['Red Hat:enterprise_linux:9::baseos', 'openSUSE:Leap 15.5', 'Go', 'Maven', 'PyPI', 'Packagist:drupal']) expect(findScheme(schemeOfEcosystem(name) ?? '')).toBeDefined();
});
