import { execFile, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { hostname } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../command.ts';
import { hostParent, hostParentVariable } from '../parent.ts';
import { engineSocket } from '../scan/engine-link.ts';

const run = promisify(execFile);

/** The agent's start as a container of this node; `stop` ends it and what was made for it. */
export type NodeContainer = { readonly image: string; launch(log: number, token: string | undefined, args: readonly string[]): ChildProcess; end(): Promise<void>; close(): void };

/** Capabilities by what the engine knows: those of eBPF by name, or the one that stood for them before. docs/deploy.md says what for. */
const capabilities = ['SYS_PTRACE', 'DAC_READ_SEARCH', 'KILL', 'NET_ADMIN', 'SETUID', 'SETGID'];
const eBpf = [['BPF', 'PERFMON'], ['SYS_ADMIN']] as const;
const repository = 'palisade-node';
/** A Unix socket's address has room for 107 bytes. */
const longestSocket = 107;

/**
 * Makes ready what the agent needs to run as an unprivileged container without a network: the node image (kept by the
 * engine; built again only when what it is made of changed), the kernel's trace and pin folders and a socket that leads to the
 * console's gateway. Throws with the reason where this machine cannot: the agent then runs as processes.
 */
export async function prepareNodeContainer({ io, home, gateway, building }: { io: Io; home: string; gateway: string; building(): void }): Promise<NodeContainer> {
  const socket = engineThere(io);
  const folder = path.join(home, 'agent');
  const relay = path.join(folder, 'gateway.sock');
  if (Buffer.byteLength(relay) > longestSocket) throw new Error(`${relay} is too long a path for a socket`);
  const env = { ...io.env, DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: await apiVersion(socket) };
  const docker = async (...args: readonly string[]): Promise<string> => (await run('docker', args, { env, signal: io.signal })).stdout.trim();
  const image = await keepImage(docker, io, building);
  const name = `palisade-node-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`;
  // One that a killed start left behind.
  await docker('rm', '-f', '-v', name).catch(() => undefined);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const tracing = kernelFolder({ type: 'tracefs', usual: '/sys/kernel/tracing', ours: path.join(home, 'tracing') });
  const pins = pinFolder(home);
  const close = await openRelay(relay, new URL(gateway));
  const flags = [
    '--network', 'none', '--read-only', '--security-opt', 'no-new-privileges', '--tmpfs', '/tmp', '--cap-drop', 'ALL', ...(await knownCapabilities(docker, image)).flatMap((one) => ['--cap-add', one]),
    '-v', `${folder}:/var/lib/palisade/agent`, '-v', `${socket}:/run/engine.sock`, '-v', '/proc:/hostproc:ro', '-v', `${tracing.folder}:/sys/kernel/tracing:ro`, ...(pins === undefined ? [] : ['-v', `${pins.folder}:/sys/fs/bpf`]), '-v', `${unifiedFolder()}:/sys/fs/cgroup/unified:ro`,
    '-e', 'DOCKER_HOST=unix:///run/engine.sock', '-e', 'PALISADE_GATEWAY_SOCKET=/var/lib/palisade/agent/gateway.sock', '-e', `${hostParentVariable}=${hostParent()}`,
  ];
  return {
    image,
    launch(log, token, args) {
      // The token goes by environment: a command line is for every user to read. Its own process group: a terminal's
      // Ctrl-C reaches us first, and the container is ended in order.
      return spawn('docker', ['run', '--rm', '--name', name, ...flags, ...(token === undefined ? [] : ['-e', 'PALISADE_JOIN']), image, 'agent', '--name', hostname(), ...args], { stdio: ['ignore', log, log], detached: true, env: { ...env, ...(token === undefined ? {} : { PALISADE_JOIN: token }) } });
    },
    async end() {
      await run('docker', ['stop', '-t', '20', name], { env }).catch(() => undefined);
      await run('docker', ['rm', '-f', '-v', name], { env }).catch(() => undefined);
    },
    close() {
      close();
      tracing.leave();
      pins?.leave();
    },
  };
}

/** The engine's socket. Throws with the reason where the node container is out of question. */
export function engineThere(io: Io): string {
  if (process.getuid?.() !== 0) throw new Error('only root may hand the engine the capabilities that the node container needs');
  const socket = engineSocket(io.env);
  if (!existsSync(socket)) throw new Error(`there is no Docker engine at ${socket}`);
  if (spawnSync('docker', ['--version'], { stdio: 'ignore' }).status !== 0) throw new Error('the program docker is missing');
  return socket;
}

/** The newest version of its API that the engine knows; a newer client must be told to speak it. */
async function apiVersion(socket: string): Promise<string> {
  const text = await new Promise<string>((resolve, reject) => {
    http.get({ socketPath: socket, path: '/version', timeout: 10_000 }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => (body = (body + part).slice(0, 65_536))).on('end', () => resolve(body)).on('error', reject);
    }).on('timeout', () => reject(new Error('no answer for 10 s'))).on('error', reject);
  }).catch((error: unknown) => {
    throw new Error(`the Docker engine at ${socket} does not answer: ${messageOf(error)}`);
  });
  const version = /"ApiVersion":\s*"(\d+\.\d+)"/.exec(text)?.[1];
  if (version === undefined) throw new Error(`what answers at ${socket} is no Docker engine`);
  return version;
}

/** An engine refuses a capability it doesn't know when a container is made, not when it is started. */
async function knownCapabilities(docker: (...args: string[]) => Promise<string>, image: string): Promise<string[]> {
  let last: unknown;
  for (const names of eBpf) {
    try {
      const made = await docker('create', '--network', 'none', '--cap-drop', 'ALL', ...[...names, ...capabilities].flatMap((one) => ['--cap-add', one]), image);
      await docker('rm', '-v', made);
      return [...names, ...capabilities];
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`the engine makes no container with the capabilities needed: ${reasonOf(last)}`);
}

/** The image for what is installed now, by a tag of its contents' hash; built and loaded where the engine has none, older ones removed. */
async function keepImage(docker: (...args: string[]) => Promise<string>, io: Io, building: () => void): Promise<string> {
  const root = installation();
  const tag = `${repository}:up-${contentsHash(root)}`;
  if ((await docker('image', 'inspect', '-f', '{{.Id}}', tag).catch(() => '')) !== '') return tag;
  building();
  const out = path.join(root, 'dist', `.images-${process.pid}`);
  try {
    await run(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'deploy/build-images.ts'), out, repository], { env: io.env, signal: io.signal });
    const loaded = /Loaded image: (\S+)/.exec(await docker('load', '-i', path.join(out, `${repository}.tar`)))?.[1];
    if (loaded === undefined) throw new Error('the engine took the archive but named no image');
    await docker('tag', loaded, tag);
  } catch (error) {
    throw new Error(`the node image could not be built: ${reasonOf(error)}`, { cause: error });
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
  for (const old of (await docker('images', '--format', '{{.Repository}}:{{.Tag}}', '--filter', `reference=${repository}:up-*`)).split('\n')) if (old !== '' && old !== tag) await docker('rmi', old).catch(() => undefined);
  return tag;
}

/** The folder that holds deploy/, dist/ and sensor/; a release without them can only run the agent as processes. */
function installation(): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, 'deploy/build-images.ts'))) {
      for (const needed of ['dist/cli/build-id', 'sensor/build/warden', '.']) if (!existsSync(path.join(folder, needed))) throw new Error(`the node image cannot be built: ${needed} is missing`);
      return folder;
    }
    if (folder === path.dirname(folder)) throw new Error('this installation has no deploy/build-images.ts to build the node image with');
  }
}

function contentsHash(root: string): string {
  const hash = createHash('sha256');
  for (const file of ['deploy/build-images.ts', 'dist/cli/build-id', 'package-lock.json', 'sensor/build/warden', ...globSync('content/**/*', { cwd: root, withFileTypes: true }).filter((one) => one.isFile()).map((one) => path.relative(root, path.join(one.parentPath, one.name))).sort()]) {
    const full = path.join(root, file);
    if (existsSync(full)) hash.update(`${file}\0`).update(readFileSync(full));
  }
  return hash.digest('hex').slice(0, 16);
}

/** A file system of the kernel as the host has it mounted, else mounted in a folder of ours until `leave`. */
function kernelFolder({ type, usual, ours }: { type: 'tracefs' | 'bpf'; usual: string; ours: string }): { folder: string; leave(): void } {
  if (isMounted(usual, type)) return { folder: usual, leave: () => undefined };
  mkdirSync(ours, { recursive: true, mode: 0o700 });
  if (!isMounted(ours, type)) {
    const mounted = spawnSync('mount', ['-t', type, type, ours], { encoding: 'utf8' });
    if (mounted.status !== 0) throw new Error(`${type} cannot be mounted: ${mounted.stderr.trim() || messageOf(mounted.error)}`);
  }
  return { folder: ours, leave: () => void spawnSync('umount', [ours], { stdio: 'ignore' }) };
}

/** Where denials, holds and isolation outlive a killed container; a machine without such a folder is the sensor's gap, `sensor-unpinned`. */
function pinFolder(home: string): { folder: string; leave(): void } | undefined {
  try {
    return kernelFolder({ type: 'bpf', usual: '/sys/fs/bpf', ours: path.join(home, 'bpf') });
  } catch {
    return undefined;
  }
}

/** /proc/self/mounts writes a space of a path as \040, and names the newest mount of a folder last. */
function isMounted(folder: string, type: string): boolean {
  const written = folder.replace(/[ \t\n\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')).findLast(([, at]) => at === written)?.[2] === type;
}

function unifiedFolder(): string {
  return existsSync('/sys/fs/cgroup/unified/cgroup.procs') ? '/sys/fs/cgroup/unified' : '/sys/fs/cgroup';
}

/** Bytes of the agent's connections, TLS from end to end, to the console's gateway. */
async function openRelay(at: string, gateway: URL): Promise<() => void> {
  rmSync(at, { force: true });
  const open = new Set<net.Socket>();
  const server = net.createServer((from) => {
    const to = net.connect(Number(gateway.port), gateway.hostname.replace(/^\[(.*)\]$/, '$1'));
    for (const [one, other] of [[from, to], [to, from]] as const) {
      open.add(one);
      one.on('error', () => other.destroy()).on('close', () => void (open.delete(one), other.destroy()));
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => void server.once('error', reject).listen(at, resolve));
  return () => {
    server.close();
    for (const one of open) one.destroy();
    rmSync(at, { force: true });
  };
}

function reasonOf(error: unknown): string {
  const said = (error as { stderr?: unknown }).stderr;
  return (typeof said === 'string' && said.trim() !== '' ? said : messageOf(error)).trim().split('\n').slice(-3).join(' | ').slice(0, 500);
}
