import { describe, expect, it } from 'vitest';
import type { Fact } from '@palisade/image/analyzer';
import { assemblePackages } from '@palisade/catalog/assemble';
import { distributionOf } from '@palisade/catalog/distribution';

const os = (layer: string): Fact => ({ analyzer: 'os-release', path: 'etc/os-release', layer, data: { osRelease: { id: 'debian', versionId: '12', version: '12 (bookworm)', codename: 'bookworm', idLike: [] } } });
const status = (layer: string, packages: readonly string[], removed?: string): Fact => ({
  analyzer: 'dpkg',
  path: 'var/lib/dpkg/status',
  layer,
  ...(removed === undefined ? {} : { removed }),
  data: { database: true, packages: packages.map((text) => ({ type: 'deb', name: text.split('=')[0] ?? '', version: text.split('=')[1] ?? '', arch: 'amd64' })) },
});
const python = (layer: string, path: string, removed?: string): Fact => ({ analyzer: 'python', path, layer, ...(removed === undefined ? {} : { removed }), data: { packages: [{ type: 'pypi', name: 'Six_Pack', version: '1.0' }] } });

describe('assemblePackages', () => {
  it('gives a database package the first layer that holds it, and marks what a later layer dropped', () => {
    const packages = assemblePackages([os('l1'), status('l1', ['bash=1', 'curl=1'], 'l2'), status('l2', ['bash=1', 'curl=2', 'git=1'])], { layers: ['l1', 'l2'] });
    expect(packages.map(({ name, version, layer, removed }) => [name, version, layer, removed])).toEqual([
      ['bash', '1', 'l1', undefined],
      ['curl', '1', 'l1', 'l2'],
      ['curl', '2', 'l2', undefined],
      ['git', '1', 'l2', undefined],
    ]);
    expect(packages[0]).toMatchObject({ purl: 'pkg:deb/debian/bash@1?arch=amd64&distro=debian-12', ecosystem: 'Debian:12' });
  });

  it('marks a language package as owned only where the distribution installed that very file', () => {
    const owned: Fact = { analyzer: 'dpkg', path: 'var/lib/dpkg/info/python3-six.list', layer: 'l1', data: { owned: [{ owner: 'python3-six', paths: ['usr/lib/python3/dist-packages/six.dist-info/METADATA'] }] } };
    const packages = assemblePackages([os('l1'), status('l1', ['python3-six=1.0-1']), owned, python('l1', 'usr/lib/python3/dist-packages/six.dist-info/METADATA'), python('l2', 'venv/six.dist-info/METADATA')]);
    const six = packages.filter(({ ecosystem }) => ecosystem === 'PyPI');
    expect(six.map(({ name, paths, ownedBy }) => [name, paths, ownedBy])).toEqual([
      ['six-pack', ['usr/lib/python3/dist-packages/six.dist-info/METADATA'], 'pkg:deb/debian/python3-six@1.0-1?arch=amd64&distro=debian-12'],
      ['six-pack', ['venv/six.dist-info/METADATA'], undefined],
    ]);
  });

  it('joins places of one package; a place that is still there outweighs deleted ones', () => {
    const packages = assemblePackages([python('l1', 'a.dist-info/METADATA', 'l2'), python('l2', 'b.dist-info/METADATA'), python('l3', 'c.dist-info/METADATA')]);
    expect(packages).toHaveLength(1);
    expect(packages[0]).toMatchObject({ layer: 'l2', paths: ['b.dist-info/METADATA', 'c.dist-info/METADATA'] });
    expect(packages[0]?.removed).toBeUndefined();
    expect(assemblePackages([python('l1', 'a.dist-info/METADATA', 'l2')])[0]).toMatchObject({ removed: 'l2' });
  });

  it('survives names that no purl can hold', () => {
    const data = { packages: [{ type: 'npm', name: 'a b/../\ud800', version: '1 0' }, { type: 'swift', name: 'x', version: '1' }] };
    expect(assemblePackages([{ analyzer: 'npm', path: 'package.json', layer: '', data }])).toHaveLength(2);
  });

  it('leaves the facts of detectors alone', () => {
    expect(assemblePackages([{ analyzer: 'secrets', path: 'x', layer: 'l1', data: { matches: [] } }])).toEqual([]);
  });
});

it.each([
  [{ id: 'alpine', versionId: '3.20.3' }, 'Alpine:v3.20'],
  [{ id: 'debian', versionId: '', codename: 'trixie' }, 'Debian:13'],
  [{ id: 'ubuntu', versionId: '22.04', version: '22.04.3 LTS (Jammy Jellyfish)' }, 'Ubuntu:22.04:LTS'],
  [{ id: 'rhel', versionId: '9.4' }, 'Red Hat:9'],
  [{ id: 'almalinux', versionId: '8.10' }, 'AlmaLinux:8'],
  [{ id: 'rocky', versionId: '9.3' }, 'Rocky Linux:9'],
  [{ id: 'opensuse-leap', versionId: '15.5' }, 'openSUSE:Leap 15.5'],
  [{ id: 'sles', versionId: '15.5' }, 'SUSE:Linux Enterprise Server 15 SP5'],
  [{ id: 'wolfi', versionId: '20230201' }, 'Wolfi'],
  [{ id: 'nobody', versionId: '1' }, 'nobody:1'],
])('names the ecosystem of %j', (fields, ecosystem) => {
  expect(distributionOf({ version: '', codename: '', idLike: [], ...fields }).ecosystem).toBe(ecosystem);
});
