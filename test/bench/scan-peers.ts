import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestEngine } from '../../scripts/test-engine.ts';
import { dataPath } from '../conformance-data.ts';
import { debianArchive } from '../debian-image.ts';
import { comparePackages } from './peers/compare.ts';
import { writeEmptyBolt } from './peers/empty-bolt.ts';
import { writeEmptyJavaDb } from './peers/empty-java-db.ts';
import { measure, median } from './peers/measure.ts';
import type { Run } from './peers/measure.ts';
import { peer } from './peers/programs.ts';

// palisade scan against Trivy and Syft on one Debian image of more than 500 MB: whole processes, interleaved, median
// of 5 (PALISADE_ROUNDS). Ours matches against the bundle of all given feeds and searches for secrets. Trivy has an
// empty database (its own comes from a registry), so its matching costs nothing; "vuln" leaves its secret scanner out.
// Syft lists packages only. Targets: archive cold and cached 0.6 of Trivy's, in place 0.2 of Trivy's through the
// engine, peak of the process tree 150 MiB.

const root = path.resolve(import.meta.dirname, '../..');
const rounds = Number(process.env['PALISADE_ROUNDS'] ?? 5);
const size = process.env['PALISADE_BENCH_IMAGE'] === 'small' ? 'small' : 'large';
const folder = mkdtempSync(path.join(tmpdir(), 'palisade-peers-'));
const palisade = path.join(root, 'palisade');
const home = path.join(folder, 'home');
const feed = path.join(folder, 'feed.db');
const archive = await debianArchive(size);
const image = `shop-${size}:1`;
const trivy = peer('trivy');
const syft = peer('syft');

type Job = { readonly name: string; readonly command: readonly string[]; readonly env?: Readonly<Record<string, string>>; before?(): void };

const trivyCache = (name: string): string => {
  const cache = path.join(folder, name);
  mkdirSync(path.join(cache, 'db'), { recursive: true });
  writeEmptyBolt(path.join(cache, 'db', 'trivy.db'));
  writeEmptyJavaDb(cache);
  writeFileSync(path.join(cache, 'db', 'metadata.json'), JSON.stringify({ Version: 2, NextUpdate: '2099-01-01T00:00:00Z', UpdatedAt: new Date().toISOString(), DownloadedAt: new Date().toISOString() }));
  return cache;
};

const outputOf = (name: string): string => path.join(folder, `${name.replace(/\W+/g, '-')}.json`);

function jobs(socket: string): Job[] {
  const ours = (name: string, target: string, ...more: string[]): Job => ({ name, command: [palisade, 'scan', target, '--feed', feed, '--format', 'json', '--output', outputOf(name), ...more], env: { PALISADE_HOME: home, DOCKER_HOST: `unix://${socket}` } });
  const list: Job[] = [
    ours('palisade, archive cold', `archive:${archive}`, '--no-cache'),
    ours('palisade, archive cached', `archive:${archive}`),
    ours('palisade, archive --verify', `archive:${archive}`, '--no-cache', '--verify'),
    ours('palisade, engine in place', `docker:${image}`, '--no-cache'),
    ours('palisade, engine cached', `docker:${image}`),
  ];
  if (trivy !== undefined) {
    const theirs = (name: string, where: readonly string[], scanners: string, cold: boolean): Job => {
      const cache = path.join(folder, `trivy-${name.replace(/\W+/g, '-')}`);
      return {
        name,
        command: [trivy, 'image', ...where, '--cache-dir', cache, '--scanners', scanners, '--skip-db-update', '--skip-java-db-update', '--offline-scan', '--skip-version-check', '--disable-telemetry', '--list-all-pkgs', '--format', 'json', '--quiet', '--output', path.join(folder, 'trivy.json')],
        env: { DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: '1.41' },
        before() {
          if (cold) rmSync(cache, { recursive: true, force: true });
          if (!existsSync(cache)) trivyCache(path.basename(cache));
        },
      };
    };
    list.push(theirs('trivy vuln+secret, archive cold', ['--input', archive], 'vuln,secret', true), theirs('trivy vuln, archive cold', ['--input', archive], 'vuln', true), theirs('trivy vuln, archive cached', ['--input', archive], 'vuln', false), theirs('trivy vuln, through the engine', ['--image-src', 'docker', image], 'vuln', true));
  }
  if (syft !== undefined) list.push({ name: 'syft, archive', command: [syft, 'scan', `docker-archive:${archive}`, '-q', '-o', `syft-json=${path.join(folder, 'syft.json')}`], env: { SYFT_CHECK_FOR_APP_UPDATE: 'false' } });
  return list;
}

const engine = await startTestEngine();
try {
  execFileSync('docker', ['-H', `unix://${engine.socket}`, 'load', '-q', '-i', archive], { env: { ...process.env, DOCKER_API_VERSION: '1.41' } });
  const shared = process.env['PALISADE_BENCH_FEED'];
  if (shared === undefined) execFileSync(palisade, ['feed', 'build', '--skip-unsupported', '--out', feed, ...readdirSync(dataPath('feeds')).map((name) => dataPath(`feeds/${name}`))], { stdio: 'ignore' });
  else copyFileSync(shared, feed);
  process.stdout.write(`image: ${Math.round(statSync(archive).size / 1e6)} MB, ${rounds} rounds\n`);
  const list = jobs(engine.socket);
  const runs = new Map<string, Run[]>(list.map((job) => [job.name, []]));
  // Round 0 warms the page cache and fills the layer caches; it isn't counted.
  for (let round = 0; round <= rounds; round += 1) {
    for (const job of list) {
      job.before?.();
      const run = await measure(job.command, job.env);
      if (round > 0) runs.get(job.name)?.push(run);
    }
  }
  report(runs);
  for (const name of syft === undefined ? [] : runs.keys()) {
    if (!name.startsWith('palisade')) continue;
    process.stdout.write(`${name} against syft\n`);
    comparePackages(JSON.parse(readFileSync(outputOf(name), 'utf8')), JSON.parse(readFileSync(path.join(folder, 'syft.json'), 'utf8')));
  }
} finally {
  await engine.stop();
  rmSync(folder, { recursive: true, force: true });
}

function report(runs: ReadonlyMap<string, readonly Run[]>): void {
  const figure = (name: string, of: (run: Run) => number): number => median((runs.get(name) ?? []).map(of));
  for (const [name, list] of runs) {
    const most = (of: (run: Run) => number): string => Math.max(...list.map(of)).toFixed(0);
    process.stdout.write(`${name.padEnd(34)} wall ${figure(name, (run) => run.wall).toFixed(0).padStart(6)} ms (least ${Math.min(...list.map((run) => run.wall)).toFixed(0)})  cpu ${figure(name, (run) => run.cpu).toFixed(0).padStart(6)} ms  peak ${most((run) => run.peak)} MiB (shared once ${most((run) => run.pss)}, sum of marks ${most((run) => run.marks)})\n`);
  }
  const ratio = (what: string, ours: string, theirs: string, target: number): void => {
    if ((runs.get(theirs) ?? []).length === 0) return;
    const wall = figure(ours, (run) => run.wall) / figure(theirs, (run) => run.wall);
    const least = (name: string): number => Math.min(...(runs.get(name) ?? []).map((run) => run.wall));
    process.stdout.write(`${what}: ${wall.toFixed(2)} of its wall time (target ${target}), ${(least(ours) / least(theirs)).toFixed(2)} by least times, ${(figure(ours, (run) => run.cpu) / figure(theirs, (run) => run.cpu)).toFixed(2)} of its cpu\n`);
  };
  ratio('archive cold against trivy vuln', 'palisade, archive cold', 'trivy vuln, archive cold', 0.6);
  ratio('archive cold against trivy vuln+secret', 'palisade, archive cold', 'trivy vuln+secret, archive cold', 0.6);
  ratio('archive cached against trivy vuln', 'palisade, archive cached', 'trivy vuln, archive cached', 0.6);
  ratio('engine in place against trivy vuln', 'palisade, engine in place', 'trivy vuln, through the engine', 0.2);
  ratio('archive cold against syft (lists only)', 'palisade, archive cold', 'syft, archive', 1);
}
