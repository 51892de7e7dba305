import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
    const advisory = { id: 'WARM-1', modified: '2020-01-01T00:00:00Z', aliases: ['CVE-2020-0001'], severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }], affected: [{ package: { ecosystem: 'npm', name: 'warm' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }, { fixed: '2.0.0' }] }] }] };
    mkdirSync(path.join(work, 'osv'));
    writeFileSync(path.join(work, 'osv/WARM-1.json'), JSON.stringify(advisory));
    const feed = path.join(work, 'feed.db');
    palisade('feed', 'build', '--out', feed, `osv=${path.join(work, 'osv')}`);
    // What a file's first run compiles is what is kept of it: the first scan is one that uses most of the reader.
    const archive = writeImage(work);
    palisade('scan', `archive:${archive}`, '--feed', feed, '--format', 'json', '--no-cache');
    palisade('scan', `dir:${path.join(work, 'tree')}`, '--feed', feed, '--format', 'table');
    for (const _ of ['kept', 'recalled']) palisade('scan', `archive:${archive}`, '--feed', feed, '--format', 'json');
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

/** A `docker save` archive with a little of what images are made of; its files stay in `work`/tree. */
function writeImage(work: string): string {
  const tree = path.join(work, 'tree');
  const image = path.join(work, 'image');
  mkdirSync(image);
  const put = (name: string, content: string | Buffer, mode = 0o644): void => {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    writeFileSync(path.join(tree, name), content, { mode });
  };
  const stanza = (name: string): string => `Package: ${name}\nStatus: install ok installed\nMaintainer: Nobody <nobody@example.org>\nArchitecture: amd64\nSource: ${name}-source (1:2.3-4)\nVersion: 1:2.3-4+deb12u1\nDescription: ${name}\n more of it\n\n`;
  put('etc/os-release', 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n');
  put('var/lib/dpkg/status', Array.from({ length: 40 }, (_, index) => stanza(`lib${index}`)).join(''));
  for (let index = 0; index < 40; index += 1) put(`var/lib/dpkg/info/lib${index}.list`, Array.from({ length: 60 }, (_, line) => `/usr/lib/python3/dist-packages/lib${index}/file${line}.py\n`).join(''));
  put('usr/lib/python3/dist-packages/warm-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\nName: warm\nVersion: 1.0\nLicense: MIT\n\nText\n');
  for (let index = 0; index < 40; index += 1) {
    put(`app/node_modules/warm${index === 0 ? '' : index}/package.json`, JSON.stringify({ name: `warm${index === 0 ? '' : index}`, version: '1.0.0', license: 'MIT' }));
    put(`app/source/file${index}.py`, `import os\npassword = "changeme"\ntoken = os.environ["TOKEN${index}"]\nprint("secret key", token)\n`.repeat(20));
  }
  put('app/package-lock.json', JSON.stringify({ name: 'app', lockfileVersion: 3, packages: { '': { name: 'app' }, 'node_modules/warm': { version: '1.0.0' } } }));
  put('app/key', ['-----BEGIN', 'PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\n-----END', 'PRIVATE KEY-----\n'].join(' '));
  // The beginning of a program: enough for its kind to be looked at.
  put('usr/local/bin/program', readFileSync(process.execPath).subarray(0, 300 << 10), 0o4755);
  execFileSync('tar', ['-C', tree, '-cf', path.join(image, 'layer.tar'), '.']);
  const diffId = `sha256:${createHash('sha256').update(readFileSync(path.join(image, 'layer.tar'))).digest('hex')}`;
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', created: '2020-01-01T00:00:00Z', config: { Env: ['PATH=/bin', 'TOKEN=changeme'], Cmd: ['sh'], Labels: { warm: 'yes' } }, rootfs: { type: 'layers', diff_ids: [diffId] }, history: [{ created_by: '/bin/sh -c #(nop) ADD file:1 in /' }, { created_by: 'CMD ["sh"]', empty_layer: true }] });
  const name = `${createHash('sha256').update(config).digest('hex')}.json`;
  writeFileSync(path.join(image, name), config);
  writeFileSync(path.join(image, 'manifest.json'), JSON.stringify([{ Config: name, RepoTags: ['warm:1'], Layers: ['layer.tar'] }]));
  const archive = path.join(work, 'image.tar');
  execFileSync('tar', ['-C', image, '-cf', archive, name, 'layer.tar', 'manifest.json']);
  return archive;
}
