import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startTestEngine } from '../scripts/test-engine.ts';

const run = promisify(execFile);

/**
 * `small`: what a test suite can afford (minbase, python3, a venv, an npm tree, a package removed again).
 * `large`: more than 500 MB (nodejs, npm, a compiler, a Java runtime, PyPI packages), for benchmarks.
 */
export type DebianImage = 'small' | 'large';

const suite = 'bookworm';
const installed: Readonly<Record<DebianImage, readonly string[]>> = {
  small: ['python3-venv', 'python3-yaml', 'less'],
  large: ['nodejs', 'npm', 'python3-venv', 'python3-pip', 'python3-requests', 'python3-cryptography', 'git', 'curl', 'openssh-client', 'build-essential', 'default-jre-headless', 'less'],
};
const fromPypi = ['requests==2.31.0', 'flask==2.2.2', 'django==4.2.1', 'pyyaml==6.0.1', 'sqlalchemy==2.0.20', 'cryptography==41.0.3'];
/** Folders of our own node_modules that make the image's npm tree: real packages, without asking a registry. */
const npmTree: Readonly<Record<DebianImage, readonly string[]>> = {
  small: ['fastify', 'zod', '@fastify', 'pino', 'js-yaml'],
  large: ['fastify', 'zod', '@fastify', 'pino', 'js-yaml', 'antd', 'react', 'react-dom', 'typescript', 'i18next', 'kysely', 'pg'],
};

/** Where built images are kept, one file each, for as long as the machine lives. */
export function imageCache(): string {
  return process.env['PALISADE_TEST_CACHE'] ?? path.join(tmpdir(), 'palisade-test-cache');
}

/**
 * The `docker save` archive of a Debian image, built once a machine: debootstrap, then a Dockerfile on a test engine.
 * Needs root, debootstrap and a Debian mirror the first time (about 90 s small, 4 min large).
 */
export async function debianArchive(size: DebianImage): Promise<string> {
  const recipe = createHash('sha256').update(JSON.stringify([suite, dockerfile(size), fromPypi, npmTree[size]])).digest('hex').slice(0, 12);
  const file = path.join(imageCache(), `debian-${size}-${recipe}.tar`);
  if (existsSync(file)) return file;
  mkdirSync(imageCache(), { recursive: true });
  const work = mkdtempSync(path.join(tmpdir(), 'palisade-debian-'));
  try {
    await build(size, work, `${file}.${process.pid}`);
    renameSync(`${file}.${process.pid}`, file);
    return file;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The base alone, as a tar: shared by both sizes. */
async function base(work: string): Promise<string> {
  const file = path.join(imageCache(), `debian-${suite}-minbase.tar`);
  if (existsSync(file)) return file;
  const root = path.join(work, 'root');
  await run('debootstrap', ['--variant=minbase', suite, root], { maxBuffer: 64 << 20 });
  // The archives of the installed packages would double the image.
  rmSync(path.join(root, 'var/cache/apt/archives'), { recursive: true, force: true });
  mkdirSync(path.join(root, 'var/cache/apt/archives/partial'), { recursive: true });
  await run('tar', ['-C', root, '--one-file-system', '--numeric-owner', '-cf', `${file}.${process.pid}`, '.']);
  rmSync(root, { recursive: true, force: true });
  renameSync(`${file}.${process.pid}`, file);
  return file;
}

async function build(size: DebianImage, work: string, out: string): Promise<void> {
  const tar = await base(work);
  const context = path.join(work, 'context');
  mkdirSync(path.join(context, 'wheels'), { recursive: true });
  const modules = path.join(import.meta.dirname, '../node_modules');
  for (const name of npmTree[size]) cpSync(path.join(modules, name), path.join(context, 'app/node_modules', name), { recursive: true });
  writeFileSync(path.join(context, 'app/package.json'), JSON.stringify({ name: 'shop', version: '1.2.0', private: true }));
  if (size === 'large') await run('pip', ['download', '-q', '--only-binary=:all:', '--python-version', '3.11', '--platform', 'manylinux2014_x86_64', '-d', path.join(context, 'wheels'), ...fromPypi], { maxBuffer: 16 << 20 });
  writeFileSync(path.join(context, 'Dockerfile'), dockerfile(size));
  const engine = await startTestEngine();
  const docker = (...args: string[]): Promise<unknown> =>
    run('docker', ['-H', `unix://${engine.socket}`, ...args], { maxBuffer: 64 << 20, env: { ...process.env, DOCKER_API_VERSION: '1.41', DOCKER_BUILDKIT: '0' } });
  try {
    await docker('import', '-c', 'CMD ["bash"]', tar, 'debian:base');
    await docker('build', '-q', '--network', 'host', '-t', `shop-${size}:1`, context);
    await docker('save', '-o', out, `shop-${size}:1`);
  } finally {
    await engine.stop();
  }
}

function dockerfile(size: DebianImage): string {
  const venv = size === 'large' ? '/opt/venv/bin/pip install -q --no-index --find-links /wheels /wheels/*.whl && rm -rf /root/.cache' : 'true';
  return [
    'FROM debian:base',
    `RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends ${installed[size].join(' ')} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin`,
    'COPY wheels /wheels',
    `RUN python3 -m venv /opt/venv && ${venv}`,
    'COPY app /srv/app',
    // What an upper layer takes away: a distribution package, a Python and an npm package.
    'RUN dpkg --purge less && rm -rf /opt/venv/lib/python3.11/site-packages/setuptools* /srv/app/node_modules/js-yaml',
    'RUN useradd --system shop',
    'USER shop',
    'WORKDIR /srv/app',
    'CMD ["python3", "-m", "http.server"]',
    '',
  ].join('\n');
}
