import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UnreadableSbom } from '../src/sbom/document.ts';
import type { Sbom } from '../src/sbom/document.ts';
import { readSbom } from '../src/sbom/read.ts';
import { fuzz } from '../../../test/fuzz.ts';

const read = (value: unknown): Sbom => readSbom(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)), 'x');
const seen = ({ packages }: Sbom): unknown => packages.map((one) => [one.ecosystem, one.name, one.version, one.source]);
const bom = (components: readonly object[]): object => ({ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1, components });
const library = (purl: string): object => ({ type: 'library', name: 'x', version: '1', purl });

describe('an SBOM', () => {
  it('gives ecosystem, release and source of each purl', () => {
    const made = read(bom([
      { type: 'operating-system', name: 'debian', version: '12' },
      ...['pkg:deb/debian/libssl3@3.0.9-1?arch=amd64&distro=debian-12&upstream=openssl', 'pkg:deb/debian/zlib1g@1:1.2?distro=bookworm', 'pkg:deb/debian/a@1', 'pkg:deb/ubuntu/b@2?distro=ubuntu-22.04', 'pkg:apk/alpine/musl@1.2.3-r4?distro=3.20.1', 'pkg:rpm/redhat/openssl-libs@3.0.7-1.el9?epoch=1&distro=rhel-9.2&upstream=openssl-3.0.7-1.el9.src.rpm', 'pkg:npm/%40scope/name@1.0.0', 'pkg:maven/org.apache/commons@2', 'pkg:golang/github.com/a/b@v1.2.3', 'pkg:pypi/Django_X@4'].map(library),
    ]));
    expect(seen(made)).toEqual([
      ['Alpine:v3.20', 'musl', '1.2.3-r4', undefined],
      ['Debian:12', 'a', '1', undefined],
      ['Debian:12', 'libssl3', '3.0.9-1', { name: 'openssl', version: '3.0.9-1' }],
      ['Debian:12', 'zlib1g', '1:1.2', undefined],
      ['Go', 'github.com/a/b', 'v1.2.3', undefined],
      ['Maven', 'org.apache:commons', '2', undefined],
      ['PyPI', 'django-x', '4', undefined],
      ['Red Hat:9', 'openssl-libs', '1:3.0.7-1.el9', { name: 'openssl', version: '1:3.0.7-1.el9' }],
      ['Ubuntu:22.04', 'b', '2', undefined],
      ['npm', '@scope/name', '1.0.0', undefined],
    ]);
    expect(made.gaps).toEqual([]);
  });

  it('counts what cannot be matched instead of leaving it out in silence', () => {
    const { packages, gaps } = read(bom([{ type: 'library', name: 'a' }, { type: 'library', name: 'b' }, library('pkg:npm/'), { type: 'library', name: 'c', purl: 'pkg:npm/c' }, { type: 'file', name: 'f' }]));
    expect(packages).toEqual([]);
    expect(gaps.map((gap) => [gap.kind, gap.count])).toEqual([['sbom-no-purl', 2], ['sbom-purl-malformed', 1], ['sbom-no-version', 1]]);
  });

  it('is read from SPDX in both encodings and from Syft', () => {
    const json = { spdxVersion: 'SPDX-2.3', dataLicense: 'CC0-1.0', SPDXID: 'SPDXRef-DOCUMENT', name: 'n', documentNamespace: 'urn:x', creationInfo: { created: '2026-01-01T00:00:00Z', creators: ['Tool: t'] }, packages: [{ SPDXID: 'SPDXRef-a', name: 'lodash', versionInfo: '4.17.20', downloadLocation: 'NONE', licenseDeclared: 'MIT', externalRefs: [{ referenceCategory: 'PACKAGE_MANAGER', referenceType: 'purl', referenceLocator: 'pkg:npm/lodash@4.17.20' }] }] };
    const tagValue = 'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: n\nDocumentNamespace: urn:x\nCreator: Tool: t\nCreated: 2026-01-01T00:00:00Z\n## P\nPackageName: lodash\nSPDXID: SPDXRef-a\nPackageVersion: 4.17.20\nPackageComment: <text>two\nlines</text>\nPackageDownloadLocation: NONE\nPackageLicenseDeclared: MIT\nExternalRef: PACKAGE-MANAGER purl pkg:npm/lodash@4.17.20\n';
    const syft = { artifacts: [{ name: 'lodash', version: '4.17.20', purl: 'pkg:npm/lodash@4.17.20', licenses: ['MIT'], locations: [{ path: '/a/package.json', layerID: 'sha256:1' }] }], distro: { id: 'debian', versionID: '12' }, schema: { version: '16.0.0' } };
    const { packages, format } = read(json);
    expect(packages).toMatchObject([{ name: 'lodash', version: '4.17.20', licenses: ['MIT'] }]);
    expect(read(tagValue)).toMatchObject({ format: 'SPDX 2.3 tag-value', packages });
    expect(read(syft)).toMatchObject({ format: 'Syft JSON 16.0.0', packages: [{ name: 'lodash', licenses: ['MIT'], paths: ['a/package.json'], layer: 'sha256:1' }] });
    expect(format).toBe('SPDX 2.3 JSON');
  });

  it.each([
    ['{}', 'x: no bomFormat'],
    ['{', 'x: Expected'],
    ['[]', 'x: neither JSON'],
    ['', 'x: neither JSON'],
    [{ bomFormat: 'CycloneDX', specVersion: '9.9', version: 1 }, 'x: specVersion: "9.9" is not one of'],
    [bom([{ type: 'library' }]), "x: components/0: must have required property 'name'"],
    [bom([{ type: 'thing', name: 'a' }]), 'x: components/0/type: must be equal to one of the allowed values: application'],
    [bom([{ type: 'library', name: 'a', 'bom-ref': 'r' }, { type: 'file', name: 'b', 'bom-ref': 'r' }]), 'stands for two components'],
    ['<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components></bom>', 'x: line 1: unexpected close tag'],
    ['<!DOCTYPE b [<!ENTITY a "b">]><bom/>', 'x: line 1: a document type definition is not read'],
    ['<bom xmlns="urn:other"/>', 'is no CycloneDX document'],
    [{ spdxVersion: 'SPDX-2.3', SPDXID: 'SPDXRef-DOCUMENT', name: 'n', creationInfo: { created: 'x', creators: ['t'] } }, 'x: dataLicense: '],
    ['SPDXVersion: SPDX-2.3\nno tag here\n', 'x: line 2: is no "Tag: value"'],
    [{ artifacts: [{ name: 1 }], schema: { version: '1' } }, 'x: artifacts/0/name: '],
  ])('that is none is refused with its place: %j', (value, message) => {
    expect(() => read(value)).toThrow(UnreadableSbom);
    expect(() => read(value)).toThrow(message);
  });

  it('never ends in anything but a document or a refusal', () => {
    const samples = [JSON.stringify(bom([library('pkg:npm/a@1')])), '<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components><component type="library"><name>a</name></component></components></bom>', 'SPDXVersion: SPDX-2.3\nSPDXID: SPDXRef-DOCUMENT\nPackageName: a\n', '{"artifacts":[],"schema":{"version":"1"}}'];
    const any = fc.oneof(fc.json().map((text) => text), fc.tuple(fc.constantFrom(...samples), fc.nat(), fc.string({ unit: 'binary', maxLength: 8 })).map(([text, at, more]) => text.slice(0, at % text.length) + more + text.slice(at % text.length)));
    fc.assert(
      fc.property(any, (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(UnreadableSbom);
        }
      }),
      fuzz(300),
    );
  });
});
