import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CataloguerCase } from './accept-cataloguer.ts';
import { goProgram } from './go-fixture.ts';
import { zipOf } from './zip-fixture.ts';

const rpmFile = (name: string): Buffer => readFileSync(path.join(import.meta.dirname, 'fixtures', name));
const rpmPackages = ['gamma@0.1-7', 'beta@3:2.0~rc1-1', 'alpha@1.2.3-4.el9'];

const pom = (artifact: string): Record<string, string> => ({ [`META-INF/maven/org.x/${artifact}/pom.properties`]: `#made\ngroupId=org.x\nartifactId=${artifact}\nversion=1.5\n` });

/** One case a cataloguer: small files of our own, good and broken. */
export const cases: Readonly<Record<string, CataloguerCase>> = {
  apk: {
    reads: [{ path: 'lib/apk/db/installed', content: 'C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:ld-musl-x86_64.so.1\n\nP:nodejs\nV:20.1-r0\nF:usr/bin\nR:node\n\n', packages: ['musl@1.2.5-r0', 'nodejs@20.1-r0'] }],
    ignores: ['lib/apk/db/scripts.tar'],
    broken: [{ path: 'lib/apk/db/installed', content: 'P:musl\nA:x86_64\n\n' }, { path: 'lib/apk/db/installed', content: '\u0000\u0001garbage\n' }],
  },
  cargo: {
    reads: [{ path: 'app/Cargo.lock', content: 'version = 3\n[[package]]\nname = "me"\nversion = "0.1.0"\n[[package]]\nname = "serde"\nversion = "1.0.1"\nsource = "registry+https://x"\n', packages: ['serde@1.0.1'] }],
    ignores: ['Cargo.toml'],
    broken: [{ path: 'Cargo.lock', content: '[[package]' }],
  },
  composer: {
    reads: [
      { path: 'composer.lock', content: '{"packages":[{"name":"a/b","version":"v1.0.0"}],"packages-dev":[{"name":"c/d","version":"2.0"}]}', packages: ['a/b@v1.0.0', 'c/d@2.0'] },
      { path: 'vendor/composer/installed.json', content: '{"packages":[{"name":"a/b","version":"1.0"}],"dev-package-names":[]}', packages: ['a/b@1.0'] },
    ],
    ignores: ['composer.json', 'x/installed.json'],
    broken: [{ path: 'composer.lock', content: 'x' }, { path: 'composer.lock', content: '{"packages":[{"version":"1"}]}' }],
  },
  conan: {
    reads: [{ path: 'conan.lock', content: '{"version":"0.5","requires":["zlib/1.2.11#ffa%1"],"build_requires":["cmake/3.2@a/b"]}', packages: ['zlib@1.2.11', 'cmake@3.2'] }],
    ignores: ['conanfile.txt'],
    broken: [{ path: 'conan.lock', content: '[' }],
  },
  cran: {
    reads: [
      { path: 'renv.lock', content: '{"Packages":{"a":{"Package":"a","Version":"1.0-2"}}}', packages: ['a@1.0-2'] },
      { path: 'usr/lib/R/site-library/zoo/DESCRIPTION', content: 'Package: zoo\nVersion: 1.8-12\n', packages: ['zoo@1.8-12'] },
    ],
    ignores: ['src/DESCRIPTION'],
    broken: [{ path: 'renv.lock', content: 'x' }],
  },
  dpkg: {
    reads: [
      {
        path: 'var/lib/dpkg/status',
        content: 'Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: 5.2-1\nDescription: shell\n more\n .\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n\nPackage: libc6\nStatus: install ok installed\nSource: glibc (2.36-9)\nVersion: 2.36-9+b1\n',
        packages: ['bash@5.2-1', 'libc6@2.36-9+b1'],
      },
      { path: 'var/lib/dpkg/status.d/base', content: 'Package: base-files\nVersion: 12.4\n', packages: ['base-files@12.4'] },
      { path: 'var/lib/dpkg/info/python3-six.list', content: '/.\n/usr/lib/python3/dist-packages/six-1.16.0.egg-info\n', packages: [] },
    ],
    ignores: ['var/lib/dpkg/available', 'var/lib/dpkg/info/bash.postinst'],
    broken: [{ path: 'var/lib/dpkg/status', content: 'Package: x\nStatus: install ok installed\n\n' }, { path: 'var/lib/dpkg/status', content: 'no colon here\n' }],
  },
  gem: {
    reads: [
      { path: 'Gemfile.lock', content: 'GEM\n  remote: https://x/\n  specs:\n    rack (2.0.1)\n      dep (>= 1)\n    nokogiri (1.15.0-x86_64-linux)\n\nPATH\n  specs:\n    me (0.1)\n', packages: ['rack@2.0.1', 'nokogiri@1.15.0'] },
      { path: 'usr/lib/ruby/gems/3.1.0/specifications/json-2.6.1.gemspec', content: 'Gem::Specification.new do |s|\n  s.name = "json".freeze\n  s.version = "2.6.1"\nend\n', packages: ['json@2.6.1'] },
    ],
    ignores: ['app/me.gemspec'],
    broken: [{ path: 'x/specifications/odd.gemspec', content: 'nothing' }],
  },
  'go-binary': {
    reads: [
      { path: 'usr/bin/app', content: goProgram('inline'), mode: 0o755, packages: ['stdlib@1.22.1', 'example.org/app@v1.0.0', 'golang.org/x/net@v0.17.0', 'example.org/new@v0.2.0'] },
      { path: 'usr/bin/old', content: goProgram('pointers'), mode: 0o755, packages: ['stdlib@1.22.1', 'example.org/app@v1.0.0', 'golang.org/x/net@v0.17.0', 'example.org/new@v0.2.0'] },
    ],
    ignores: ['usr/bin/script.sh'],
    broken: [{ path: 'usr/bin/app', content: cutStrings(goProgram('inline')) }],
  },
  'go-mod': {
    reads: [{ path: 'src/go.mod', content: 'module a.b/c\n\ngo 1.21\n\nrequire (\n\tx.y/z v1.2.3 // indirect\n\t"q.r/s" v0.1.0\n)\nreplace q.r/s => ../s\n', packages: ['stdlib@1.21', 'x.y/z@v1.2.3'] }],
    ignores: ['src/go.sum'],
    broken: [{ path: 'go.mod', content: 'this is not go.mod' }],
  },
  hex: {
    reads: [{ path: 'mix.lock', content: '%{\n  "a": {:hex, :a, "1.0.0", "h", [:mix], []},\n  "g": {:git, "u", "r", []},\n}\n', packages: ['a@1.0.0'] }],
    ignores: ['mix.exs'],
    broken: [{ path: 'mix.lock', content: '%{\n  "a": {:hex, },\n}\n' }],
  },
  jar: {
    reads: [
      { path: 'opt/a.jar', content: zipOf(pom('a')), packages: ['org.x/a@1.5'] },
      { path: 'opt/app.war', content: zipOf({ 'WEB-INF/lib/b.jar': zipOf(pom('b')), 'WEB-INF/lib/c-2.0.jar': zipOf({ 'META-INF/MANIFEST.MF': 'Manifest-Version: 1.0\nImplementation-Vendor-Id: org.c\n' }) }, true), packages: ['org.x/b@1.5', 'org.c/c@2.0'] },
    ],
    ignores: ['opt/a.zip'],
    broken: [{ path: 'opt/a.jar', content: 'not a zip' }, { path: 'opt/a.jar', content: zipOf(pom('a')).subarray(0, 60) }],
  },
  npm: {
    reads: [
      { path: 'app/node_modules/@a/b/package.json', content: '{"name":"@a/b","version":"1.0.0","license":"MIT"}', packages: ['@a/b@1.0.0'] },
      { path: 'app/package.json', content: '{"type":"module"}', packages: [] },
      { path: 'package-lock.json', content: '{"lockfileVersion":3,"packages":{"":{"name":"x"},"node_modules/a":{"version":"1.0.0"},"node_modules/a/node_modules/@s/b":{"version":"2.0.0","dev":true},"w":{"link":true}}}', packages: ['a@1.0.0', '@s/b@2.0.0'] },
      { path: 'npm-shrinkwrap.json', content: '{"lockfileVersion":1,"dependencies":{"a":{"version":"1.0.0","dependencies":{"b":{"version":"npm:c@3.0.0"}}}}}', packages: ['a@1.0.0', 'c@3.0.0'] },
      { path: 'yarn.lock', content: '# yarn lockfile v1\n\n"@s/b@^1.0.0", "@s/b@^1.1.0":\n  version "1.2.0"\n  resolved "x"\n\na@1:\n  version "1.0.0"\n', packages: ['@s/b@1.2.0', 'a@1.0.0'] },
      { path: 'x/yarn.lock', content: '__metadata:\n  version: 6\n\n"a@npm:^1.0.0":\n  version: 1.1.0\n  resolution: "a@npm:1.1.0"\n\n"w@workspace:.":\n  version: 0.0.0-use.local\n  resolution: "w@workspace:."\n', packages: ['a@1.1.0'] },
      { path: 'pnpm-lock.yaml', content: "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  '@s/b@2.0.0(a@1.0.0)':\n    resolution: {integrity: y}\n", packages: ['a@1.0.0', '@s/b@2.0.0'] },
      { path: 'z/pnpm-lock.yaml', content: "lockfileVersion: '9.0'\npackages:\n  a@1.0.0:\n    resolution: {integrity: x}\n  'own@file:packages/own':\n    resolution: {directory: packages/own, type: directory}\n", packages: ['a@1.0.0'] },
      { path: 'y/package-lock.json', content: '{"lockfileVersion":1,"dependencies":{"t":{"version":"https://x/t/-/t-1.2.3-rc.1.tgz"},"f":{"version":"file:../f"},"al":{"version":"npm:@s/real@2.0.0"}}}', packages: ['t@1.2.3-rc.1', '@s/real@2.0.0'] },
      { path: 'y/pnpm-lock.yaml', content: 'lockfileVersion: 5.4\npackages:\n  /a/1.0.0_b@2.0.0:\n    dev: true\n  /@s/c/3.0.0:\n    dev: false\n', packages: ['a@1.0.0', '@s/c@3.0.0'] },
    ],
    ignores: ['app/node_modules/x/yarn.lock', 'package.json5'],
    broken: [{ path: 'package.json', content: '{' }, { path: 'package-lock.json', content: '[]' }, { path: 'pnpm-lock.yaml', content: '- a' }, { path: 'yarn.lock', content: 'a@1:\n  resolved "x"\n' }],
  },
  nuget: {
    reads: [
      { path: 'app/x.deps.json', content: '{"libraries":{"Me/1.0.0":{"type":"project"},"Newtonsoft.Json/13.0.1":{"type":"package"}}}', packages: ['Newtonsoft.Json@13.0.1'] },
      { path: 'app/packages.lock.json', content: '{"dependencies":{"net6.0":{"A":{"type":"Direct","resolved":"1.0.0"},"p":{"type":"Project"}},"net7.0":{"A":{"resolved":"1.0.0"}}}}', packages: ['A@1.0.0'] },
    ],
    ignores: ['app/x.runtimeconfig.json'],
    broken: [{ path: 'x.deps.json', content: '{' }],
  },
  'os-release': {
    reads: [{ path: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n', packages: [] }],
    ignores: ['etc/lsb-release'],
    broken: [],
  },
  pub: {
    reads: [{ path: 'pubspec.lock', content: 'packages:\n  a:\n    dependency: "direct dev"\n    source: hosted\n    version: "1.0.0"\n  flutter:\n    source: sdk\n    version: "0.0.0"\n', packages: ['a@1.0.0'] }],
    ignores: ['pubspec.yaml'],
    broken: [{ path: 'pubspec.lock', content: '- x' }],
  },
  python: {
    reads: [
      { path: 'usr/lib/python3/dist-packages/six-1.16.0.egg-info', content: 'Metadata-Version: 1.1\nName: six\nVersion: 1.16.0\n', packages: ['six@1.16.0'] },
      { path: 'venv/lib/python3.11/site-packages/Foo.dist-info/METADATA', content: 'Metadata-Version: 2.1\nName: Foo\nVersion: 2.0\n\nName: not this\n', packages: ['Foo@2.0'] },
      { path: 'requirements.txt', content: 'a==1.0\nb[x]==2.0 ; python_version>"3"\nc>=1\n-r other.txt\nd==1.*\n', packages: ['a@1.0', 'b@2.0'] },
      { path: 'requirements/base.txt', content: 'a==1.0\nb===2.0 --hash=sha256:aa\n', packages: ['a@1.0', 'b@2.0'] },
      { path: 'Pipfile.lock', content: '{"_meta":{},"default":{"a":{"version":"==1.0"},"v":{"git":"x"},"w":{"version":"*"}},"develop":{"b":{"version":"===2.0"}}}', packages: ['a@1.0', 'b@2.0'] },
      { path: 'x/poetry.lock', content: '[[package]]\nname = "a"\nversion = "1.0"\n[[package]]\nname = "own"\nversion = "2.0"\n[package.source]\ntype = "directory"\nurl = "../own"\n', packages: ['a@1.0'] },
      { path: 'poetry.lock', content: '[[package]]\nname = "a"\nversion = "1.0"\n', packages: ['a@1.0'] },
      { path: 'uv.lock', content: '[[package]]\nname = "me"\nversion = "0.1"\nsource = { virtual = "." }\n[[package]]\nname = "w"\nversion = "0.1"\nsource = { directory = "w" }\n[[package]]\nname = "a"\nversion = "1.0"\n', packages: ['a@1.0'] },
    ],
    ignores: ['METADATA', 'notes.txt'],
    broken: [{ path: 'x.dist-info/METADATA', content: 'Name: a\n' }, { path: 'Pipfile.lock', content: 'x' }, { path: 'poetry.lock', content: '[[package]\n' }, { path: 'pdm.lock', content: '[[package]]\nversion = "1"\n' }],
  },
  rpm: {
    reads: [
      { path: 'var/lib/rpm/rpmdb.sqlite', content: rpmFile('rpmdb.sqlite'), packages: rpmPackages },
      { path: 'usr/lib/sysimage/rpm/Packages.db', content: rpmFile('Packages.db'), packages: rpmPackages },
      { path: 'var/lib/rpm/Packages', content: rpmFile('Packages'), packages: ['beta@3:2.0~rc1-1', 'gamma@0.1-7', 'alpha@1.2.3-4.el9'] },
    ],
    ignores: ['var/lib/rpm/Name', 'opt/Packages'],
    broken: [{ path: 'var/lib/rpm/Packages', content: 'x' }, { path: 'var/lib/rpm/Packages.db', content: 'x' }, { path: 'var/lib/rpm/rpmdb.sqlite', content: rpmFile('rpmdb.sqlite').subarray(0, 9000) }],
  },
};

/** A length that reaches past the end of the file. */
function cutStrings(program: Buffer): Buffer {
  const bytes = Buffer.from(program);
  bytes.set([0xff, 0xff, 0xff, 0x07], 0x100 + 32);
  return bytes;
}
