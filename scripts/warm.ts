import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * Runs a fresh build once, so that V8's compiled code lies beside it before its first use. The confined reader has another
 * user, who must not be able to change what everybody runs: it may write here while this goes on, and only read afterwards.
 * A build that cannot be warmed is only slower at its start; it is said why.
 */
export function warm(root: string): void {
  const compiled = path.join(root, 'dist', 'compiled');
  const work = mkdtempSync(path.join(tmpdir(), 'palisade-warm-'));
  try {
    rmSync(compiled, { recursive: true, force: true });
    mkdirSync(compiled, { recursive: true });
    chmodSync(compiled, 0o777);
    chmodSync(work, 0o755);
    const palisade = (...args: string[]): void => void execFileSync(path.join(root, 'palisade'), args, { stdio: 'pipe', env: { PATH: process.env['PATH'] ?? '', PALISADE_HOME: path.join(work, 'home'), PALISADE_PREPARING: '1' } });
    const advisory = { id: 'WARM-1', modified: '2020-01-01T00:00:00Z', affected: [{ package: { ecosystem: 'npm', name: 'warm' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }] }] };
    mkdirSync(path.join(work, 'osv'));
    mkdirSync(path.join(work, 'tree/app'), { recursive: true });
    mkdirSync(path.join(work, 'tree/var/lib/dpkg'), { recursive: true });
    writeFileSync(path.join(work, 'osv/WARM-1.json'), JSON.stringify(advisory));
    writeFileSync(path.join(work, 'tree/app/package.json'), '{"name":"warm","version":"1.0.0"}');
    writeFileSync(path.join(work, 'tree/app/settings.py'), 'password = "changeme"\n');
    writeFileSync(path.join(work, 'tree/var/lib/dpkg/status'), 'Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1-1\n\n');
    const feed = path.join(work, 'feed.db');
    palisade('feed', 'build', '--out', feed, `osv=${path.join(work, 'osv')}`);
    for (const format of ['json', 'table']) palisade('scan', `dir:${path.join(work, 'tree')}`, '--feed', feed, '--format', format);
  } catch (error) {
    process.stdout.write(`palisade: the build was not warmed: ${error instanceof Error ? error.message.split('\n', 1)[0] : ''}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
    const own = process.getuid?.() ?? 0;
    for (const name of ['.', ...globSync('**/*', { cwd: compiled })]) {
      const file = path.join(compiled, name);
      if (own === 0) chownSync(file, 0, 0);
      chmodSync(file, statSync(file).isDirectory() ? 0o755 : 0o644);
    }
  }
}
