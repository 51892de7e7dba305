import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerEngine } from '@palisade/engine/docker/engine';
import type { Analysis } from '@palisade/image/analyse';
import { analyseImage } from '@palisade/image/analyse';
import type { Analyzer } from '@palisade/image/analyzer';
import { opaqueTest } from '@palisade/image/layer/opaque';
import { openArchive } from '@palisade/image/open';
import { openEngineImage } from '@palisade/image/source/engine-image';
import { startGuard } from '@palisade/app-engine-guard/server';
import { ScanResult } from '@palisade/model/scan-result';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TestEngine } from '../../scripts/test-engine.ts';
import { startTestEngine } from '../../scripts/test-engine.ts';

const notes: Analyzer = {
  id: 'notes',
  version: 1,
  wants: (stat) => stat.type === 'file' && stat.path.startsWith('notes/') && !stat.path.endsWith('.json'),
  read: async (file) => Buffer.from(await file.bytes(1024)).toString('utf8'),
};
const signal = new AbortController().signal;
let engine: TestEngine;
let folder: string;
let guard: Awaited<ReturnType<typeof startGuard>>;

const docker = (...args: string[]): string =>
  execFileSync('docker', ['-H', `unix://${engine.socket}`, ...args], { encoding: 'utf8', env: { ...process.env, DOCKER_API_VERSION: '1.41', DOCKER_BUILDKIT: '0' } });

beforeAll(async () => {
  engine = await startTestEngine();
  folder = mkdtempSync(path.join(tmpdir(), 'palisade-image-'));
  mkdirSync(path.join(folder, 'context/notes/kept'), { recursive: true });
  writeFileSync(path.join(folder, 'context/notes/removed'), 'removed later');
  writeFileSync(path.join(folder, 'context/notes/kept/old'), 'hidden by an opaque directory');
  writeFileSync(path.join(folder, 'context/notes/kept/package.json'), '{"name":"hidden","version":"1.0.0"}');
  writeFileSync(path.join(folder, 'context/notes/package.json'), '{"name":"shown","version":"1.0.0"}');
  execFileSync('cp', ['/bin/busybox', path.join(folder, 'context/busybox')]);
  writeFileSync(
    path.join(folder, 'context/Dockerfile'),
    ['FROM scratch', 'COPY busybox /bin/sh', 'COPY notes /notes', 'RUN ["/bin/sh", "-c", "rm /notes/removed && rm -r /notes/kept && mkdir /notes/kept && echo new > /notes/kept/new"]', 'CMD ["/bin/sh"]', ''].join('\n'),
  );
  docker('build', '-q', '--network', 'none', '-t', 'notes:1', path.join(folder, 'context'));
  docker('save', '-o', path.join(folder, 'notes.tar'), 'notes:1');
  guard = await startGuard({ engineSocket: engine.socket, listen: path.join(folder, 'guard.sock'), refused: () => {} });
});

afterAll(async () => {
  guard?.close();
  await engine?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
});

const seen = (analysis: Analysis): unknown => ({
  facts: analysis.facts.map(({ path: file, data, layer, removed }) => ({ file, data, layer, removed })).sort((a, b) => (a.file < b.file ? -1 : 1)),
  layers: analysis.layers.map(({ diffId, instruction }) => ({ diffId, instruction })),
  gaps: analysis.gaps,
});

it('sees the same in an image read in place, exported by the engine, and saved to a file', async () => {
  const opaque = opaqueTest();
  expect(opaque).toBeDefined();
  const client = dockerEngine(path.join(folder, 'guard.sock'), { node: 'node', cluster: 'cluster' });
  const read = async (canReadInPlace: boolean): Promise<Analysis> => {
    const opened = await openEngineImage(client, 'notes:1', { signal, canReadInPlace });
    expect(opened.layers.every((layer) => layer.bytes.kind === (canReadInPlace ? 'overlay' : 'archive'))).toBe(true);
    const analysis = await analyseImage(opened, [notes], { signal, ...(opaque === undefined ? {} : { opaque }) });
    opened.close();
    return analysis;
  };
  const saved = await openArchive(path.join(folder, 'notes.tar'));
  const fromFile = await analyseImage(saved, [notes], { signal });
  saved.close();
  const inPlace = await read(true);
  const exported = await read(false);
  expect(fromFile.facts.map((fact) => [fact.path, fact.removed !== undefined])).toEqual(expect.arrayContaining([['notes/removed', true], ['notes/kept/old', true], ['notes/kept/new', false]]));
  expect(seen(inPlace)).toEqual(seen(fromFile));
  expect(seen(exported)).toEqual(seen(fromFile));
  expect(inPlace.content).toBe('verified');
});

it('shows the same packages as live and as removed through the command, whose reader may not see overlay marks', () => {
  const scan = (target: string, ...more: string[]): unknown => {
    const output = path.join(folder, 'scan.json');
    const root = path.resolve(import.meta.dirname, '../..');
    execFileSync('sh', ['scripts/node.sh', 'apps/cli/src/main.ts', 'scan', target, '--format', 'json', '--output', output, ...more], { cwd: root, env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, PALISADE_HOME: path.join(folder, 'home') } });
    const result = ScanResult.parse(JSON.parse(readFileSync(output, 'utf8')));
    return { status: result.status, packages: result.packages.map(({ name, removed }) => [name, removed !== undefined]) };
  };
  const expected = { status: 'complete', packages: [['hidden', true], ['shown', false]] };
  expect(scan(`archive:${path.join(folder, 'notes.tar')}`)).toEqual(expected);
  expect(scan('docker:notes:1')).toEqual(expected);
  // From the layers that were kept.
  expect(scan('docker:notes:1')).toEqual(expected);
});
