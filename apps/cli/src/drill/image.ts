import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Docker } from './docker.ts';

/** What attackers and honest people find in images: interpreters, network tools, compilers, servers. */
const packages = [
  'busybox', 'netcat-openbsd', 'netcat-traditional', 'socat', 'python3-minimal', 'perl', 'php-cli', 'php-cgi', 'ruby', 'openssl', 'telnet', 'curl', 'wget', 'openssh-client', 'openssh-server', 'rsync', 'cron', 'sqlite3', 'gcc',
  'libc6-dev', 'make', 'procps', 'iproute2', 'util-linux', 'git', 'nodejs', 'redis-server', 'lua5.4', 'gawk', 'expect', 'xz-utils', 'zip', 'sudo', 'strace', 'gdb-minimal', 'ncat', 'nmap', 'kmod', 'libcap2-bin', 'ca-certificates', 'screen', 'dnsutils', 'nginx-light', 'fcgiwrap',
  'python3', 'python3-venv', 'postgresql', 'iputils-ping', 'dropbear-bin', 'tcpdump', 'lua-socket', 'tcl', 'sshpass', 'unzip', 'apache2',
] as const;
const release = 'bookworm';
/** Changes when the image must be built anew. */
const recipe = createHash('sha256').update(JSON.stringify([packages, release, 1])).digest('hex').slice(0, 12);

/**
 * An image with the tools of the drills, made from the distribution's packages by debootstrap: no registry is asked.
 * The root file system is kept as one archive in `cache`. Answers the image's name in the engine.
 */
export async function drillImage(docker: Docker, cache: string, say: (line: string) => void, signal: AbortSignal): Promise<string> {
  const image = `workbench:${recipe}`;
  if ((await docker(['image', 'inspect', '--format', 'x', image], { quiet: true })).code === 0) return image;
  const archive = path.join(cache, `drill-root-${recipe}.tar`);
  if (!existsSync(archive)) await build(archive, cache, say, signal);
  say('importing the drill image');
  const made = await docker(['import', archive, image]);
  if (made.code !== 0) throw new Error(`the drill image could not be imported: ${made.err}`);
  return image;
}

/** An image with busybox and a few files of a system: made in a second from the machine's own static busybox. */
export async function smallImage(docker: Docker, folder: string, signal: AbortSignal): Promise<string> {
  const tree = path.join(folder, 'small-root');
  for (const part of ['bin', 'etc', 'root', 'tmp', 'var/log', 'proc', 'dev', 'srv', 'home']) mkdirSync(path.join(tree, part), { recursive: true });
  copyFileSync(staticBusybox(), path.join(tree, 'bin/busybox'));
  for (const applet of (await run(path.join(tree, 'bin/busybox'), ['--list'], signal)).trim().split('\n')) if (applet !== 'busybox') symlinkSync('busybox', path.join(tree, 'bin', applet));
  for (const [name, text] of Object.entries({ passwd: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n', group: 'root:x:0:\nnogroup:x:65534:\n', shadow: 'root:*:19000:0:99999:7:::\n', hostname: 'small\n', 'nsswitch.conf': 'hosts: files dns\n', hosts: '127.0.0.1 localhost\n' })) writeFileSync(path.join(tree, 'etc', name), text);
  const archive = path.join(folder, 'small-root.tar');
  await run('tar', ['-C', tree, '-cf', archive, '.'], signal);
  const image = 'small:1';
  const made = await docker(['import', archive, image]);
  rmSync(tree, { recursive: true, force: true });
  rmSync(archive, { force: true });
  if (made.code !== 0) throw new Error(`the small image could not be imported: ${made.err}`);
  return image;
}

function staticBusybox(): string {
  const found = ['/bin/busybox', '/usr/bin/busybox'].find(existsSync);
  if (found === undefined) throw new Error('busybox is missing (packages: scripts/system-packages.txt)');
  return found;
}

async function build(archive: string, cache: string, say: (line: string) => void, signal: AbortSignal): Promise<void> {
  mkdirSync(cache, { recursive: true, mode: 0o711 });
  chmodSync(cache, 0o711);
  const folder = mkdtempSync(path.join(cache, 'build-'));
  chmodSync(folder, 0o755);
  try {
    say(`building the root file system of the drills from ${release} packages (once; some minutes)`);
    await run('debootstrap', ['--variant=minbase', `--include=${packages.join(',')}`, release, path.join(folder, 'root')], signal);
    await run('tar', ['-C', path.join(folder, 'root'), '--exclude=./var/cache/apt/archives/*.deb', '--exclude=./var/lib/apt/lists/*', '--exclude=./dev/*', '--numeric-owner', '-cf', `${archive}.fresh`, '.'], signal);
    renameSync(`${archive}.fresh`, archive);
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(`${archive}.fresh`, { force: true });
  }
}

/** Answers standard output. */
function run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], signal, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
    let out = '';
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => void (out = (out + text).slice(-65_536)));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-2000)));
    child.on('error', (error) => reject(new Error(`${program}: ${error.message} (packages: scripts/system-packages.txt)`)));
    child.on('close', (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${program} ended with ${code ?? 'a signal'}: ${said.trim().split('\n').slice(-3).join(' | ')}`));
    });
  });
}
