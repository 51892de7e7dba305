import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Package } from '@palisade/model/package';
import type { ScanResult } from '@palisade/model/scan-result';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { startTestEngine } from '../../scripts/test-engine.ts';
import { debianArchive } from '../debian-image.ts';

const root = path.resolve(import.meta.dirname, '../..');
const image = 'shop-small:1';
let engine: TestEngine;
let folder: string;
let archive: string;
let fromArchive: ScanResult;

const docker = (...args: string[]): string => execFileSync('docker', ['-H', `unix://${engine.socket}`, ...args], { encoding: 'utf8', maxBuffer: 64 << 20, env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
/** What the image itself says when it runs. */
const inside = (...command: string[]): string => docker('run', '--rm', '--network', 'none', '--user', '0', image, ...command);

function scan(target: string, ...more: string[]): ScanResult {
  const output = path.join(folder, 'scan.json');
  execFileSync('sh', [path.join(root, 'scripts/node.sh'), path.join(root, 'apps/cli/src/main.ts'), 'scan', target, '--format', 'json', '--output', output, ...more], {
    env: { ...process.env, PALISADE_HOME: path.join(folder, 'home'), DOCKER_HOST: `unix://${engine.socket}` },
  });
  return JSON.parse(readFileSync(output, 'utf8')) as ScanResult;
}

const of = (result: ScanResult, type: string): Package[] => result.packages.filter((one) => one.purl.startsWith(`pkg:${type}/`));
const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '').sort();
const named = (packages: readonly Package[]): string[] => packages.flatMap((one) => one.paths.map((file) => `${file} ${one.name} ${one.version}`)).sort();
const layerOf = (result: ScanResult, instruction: RegExp): string => result.image?.layers.find((layer) => instruction.test(layer.instruction))?.diffId ?? 'no such layer';

beforeAll(async () => {
  archive = await debianArchive('small');
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-debian-test-'));
  engine = await startTestEngine();
  docker('load', '-q', '-i', archive);
  fromArchive = scan(`archive:${archive}`);
}, 900_000);

afterAll(async () => {
  await engine?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

it('finds the packages that dpkg-query lists, exactly, and those that a later layer purged', () => {
  const listed = lines(inside('dpkg-query', '-W', '-f', '${Package} ${Version} ${Architecture}\\n'));
  const found = of(fromArchive, 'deb');
  expect(listed.length).toBeGreaterThan(90);
  expect(found.filter((one) => one.removed === undefined).map((one) => `${one.name} ${one.version} ${one.arch}`).sort()).toEqual(listed);
  expect(found.filter((one) => one.removed !== undefined).map((one) => one.name)).toContain('less');
});

it('finds every Python package with its layer, and knows which are Debian\'s own', () => {
  const program = "import importlib.metadata as m, os; [print(str(d._path).lstrip('/') + ' ' + d.metadata['Name'] + ' ' + d.version) for d in m.distributions()]";
  const listed = [...new Set([...lines(inside('python3', '-c', program)), ...lines(inside('/opt/venv/bin/python', '-c', program))])].sort();
  const live = of(fromArchive, 'pypi').filter((one) => one.removed === undefined);
  const key = (line: string): string => line.toLowerCase().replaceAll('_', '-');
  const folderOf = (line: string): string => line.replace(/\/(?:METADATA|PKG-INFO) /, ' ');
  expect(listed.length).toBeGreaterThan(1);
  expect(named(live).map((line) => key(folderOf(line))).sort()).toEqual(listed.map(key).sort());
  const venv = live.find((one) => one.name === 'pip' && one.paths.some((file) => file.startsWith('opt/venv/')));
  expect(venv?.layer).toBe(layerOf(fromArchive, /python3 -m venv/));
  expect(venv?.ownedBy).toBeUndefined();
  const yaml = live.find((one) => one.name.toLowerCase() === 'pyyaml');
  expect(yaml?.ownedBy).toMatch(/^pkg:deb\/debian\/python3-yaml@/);
  expect(of(fromArchive, 'pypi').find((one) => one.name === 'setuptools' && one.paths.some((file) => file.startsWith('opt/venv/')))?.removed).toBe(layerOf(fromArchive, /dpkg --purge/));
});

it('finds every npm package with its layer', () => {
  const program = "import json, pathlib; [print(str(f)[1:], j['name'], j['version']) for f in pathlib.Path('/srv/app').rglob('package.json') for j in [json.load(open(f))] if j.get('name') and j.get('version')]";
  const stated = lines(inside('python3', '-c', program));
  const live = of(fromArchive, 'npm').filter((one) => one.removed === undefined);
  expect(stated.length).toBeGreaterThan(5);
  expect(named(live)).toEqual(stated);
  expect(new Set(live.map((one) => one.layer))).toEqual(new Set([layerOf(fromArchive, /COPY .*app/)]));
  expect(of(fromArchive, 'npm').find((one) => one.name === 'js-yaml')?.removed).toBe(layerOf(fromArchive, /dpkg --purge/));
});

it('says of every distribution package that no feed covers it, and not that it is safe', () => {
  const unknown = new Set(fromArchive.findings.filter((one) => one.answer === 'unknown' && one.reason === 'no feed covers debian:12').map((one) => one.package));
  expect(of(fromArchive, 'deb').filter((one) => !unknown.has(one.purl))).toEqual([]);
});

it('sees the same from the cache, under verification and in the engine\'s own layers', () => {
  const seen = (result: ScanResult): unknown => ({ packages: result.packages, findings: result.findings.map((one) => one.id).sort(), layers: result.image?.layers });
  const expected = seen(fromArchive);
  expect(seen(scan(`archive:${archive}`))).toEqual(expected);
  const verified = scan(`archive:${archive}`, '--verify');
  expect([fromArchive.content, verified.content]).toEqual(['headers', 'verified']);
  expect(seen(verified)).toEqual(expected);
  expect(seen(scan(`docker:${image}`))).toEqual(expected);
});
