import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WafEvent } from '@palisade/model/waf-event';
import { startTestEngine } from '../../scripts/test-engine.ts';

const root = path.resolve(import.meta.dirname, '../..');

/** One `palisade waf protect`, from source. */
export type Protector = { readonly child: ChildProcess; readonly events: WafEvent[]; until(pattern: RegExp): Promise<void>; stop(): Promise<void> };

/** An engine of our own with the vulnerable shop as image `shop:test` (port 8080), and what tests do with it. */
export async function frontWorld() {
  const place = mkdtempSync(path.join(tmpdir(), 'palisade-front-test-'));
  chmodSync(place, 0o755);
  const engine = await startTestEngine();
  const environment = { ...process.env, LANG: 'C', PALISADE_DEV: '1', PALISADE_HOME: place, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_API_VERSION: '1.41' };
  const docker = (...args: readonly string[]): string => execFileSync('docker', args, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const protectors: Protector[] = [];
  execFileSync('sh', ['-c', 'tar -C "$1" -c . | docker import - shop:test', 'sh', shopTree(place)], { env: environment, stdio: 'pipe' });
  return {
    place,
    socket: engine.socket,
    docker,
    pidOf: (container: string): string => docker('inspect', '-f', '{{.State.Pid}}', container),
    /** A container with the shop, and one with nothing but a network. */
    shop: (name: string, ...options: readonly string[]): string => docker('run', '-d', '--name', name, ...options, '-e', 'PHP_CLI_SERVER_WORKERS=4', 'shop:test', '/bin/sh', '-c', 'php -c /php.ini -S 127.0.0.1:9000 /admin.php & exec php -c /php.ini -S [::]:8080 -t /www'),
    visitor: (name: string, ...network: readonly string[]): string => docker('run', '-d', '--name', name, ...network, 'shop:test', '/bin/sleep', '100000'),
    palisade: (...args: readonly string[]): string => execFileSync(path.join(root, 'palisade'), args, { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    protect(container: string, ...more: readonly string[]): Protector {
      const protector = startProtector(['waf', 'protect', container, '--port', '8080', '--mode', 'block', '--worker-user', String(workerUser()), ...more], environment);
      protectors.push(protector);
      return protector;
    },
    async end(): Promise<void> {
      await Promise.all(protectors.map((protector) => protector.stop()));
      // An engine that stops waits ten seconds for containers that don't hear its signal.
      const left = docker('ps', '-aq').split('\n').filter(Boolean);
      if (left.length > 0) docker('rm', '-f', ...left);
      await engine.stop();
      rmSync(place, { recursive: true, force: true });
    },
  };
}

/** PHP with its SQLite, busybox, the shop's pages, and a page for the container itself alone. */
function shopTree(place: string): string {
  const tree = path.join(place, 'tree');
  const take = (file: string, to = file): void => {
    mkdirSync(path.dirname(path.join(tree, to)), { recursive: true });
    copyFileSync(file, path.join(tree, to));
  };
  take('/bin/busybox', 'bin/busybox');
  for (const applet of ['sh', 'sleep', 'echo', 'cat', 'id']) symlinkSync('busybox', path.join(tree, 'bin', applet));
  const extension = globSync('/usr/lib/php/*/sqlite3.so')[0] ?? '';
  for (const [file, to] of [['/usr/bin/php', 'usr/bin/php'], [extension, extension]] as const) {
    take(file, to);
    for (const [, library = ''] of execFileSync('ldd', [file], { encoding: 'utf8' }).matchAll(/(\/\S+) \(0x/g)) take(library);
  }
  mkdirSync(path.join(tree, 'etc'), { recursive: true });
  mkdirSync(path.join(tree, 'tmp'));
  cpSync(path.join(import.meta.dirname, 'fixtures/vulnerable-shop'), path.join(tree, 'www'), { recursive: true });
  const write = (to: string, text: string): void => writeFileSync(path.join(tree, to), text);
  write('php.ini', `extension=${extension}\n`);
  write('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\n');
  write('admin.php', '<?php echo "inner-secret-4711";');
  return tree;
}

function startProtector(args: readonly string[], env: NodeJS.ProcessEnv): Protector {
  const child = spawn(path.join(root, 'palisade'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let rest = '';
  const events: WafEvent[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => void (said += text));
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    events.push(...lines.map((line) => JSON.parse(line) as WafEvent));
  });
  return {
    child, events,
    async until(pattern) {
      for (let tries = 0; !pattern.test(said); tries += 1) {
        if (tries > 600 || child.exitCode !== null) throw new Error(`${String(pattern)} was not said: ${said}`);
        await sleep(100);
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** A checkout that only root may enter can't be run by another user. */
export function workerUser(): number {
  for (let folder = root; ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 1) === 0) return 0;
    if (folder === '/') return 65_532;
  }
}

/** The warden and the workers below a protector. */
export function processesOf(protector: Protector): { warden: number; workers: number[] } {
  const children = (pid: number): number[] => spawnSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).map(Number);
  const warden = children(protector.child.pid!).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('warden\0front')) ?? 0;
  return { warden, workers: children(warden) };
}

/** All at once, without a word. */
export function killAll(protector: Protector): void {
  const { warden, workers } = processesOf(protector);
  for (const pid of [...workers, warden, protector.child.pid!]) process.kill(pid, 'SIGKILL');
}

const oneRequest = `
const [url, body, type] = process.argv.slice(1);
const request = require('node:http').request(url, { agent: false, timeout: 10_000, method: body === undefined ? 'GET' : 'POST', headers: { accept: '*/*', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)', ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }) } }, (answer) => {
  let text = '';
  answer.on('data', (bytes) => (text += bytes));
  answer.on('end', () => console.log(answer.statusCode === 200 ? text : 'status ' + answer.statusCode));
});
request.on('timeout', () => process.exit(1)).on('error', (error) => console.log(error.code));
request.end(body);`;

/** What a client in the network of a process gets: the text, else the status or the error's name. */
export function ask(client: string, url: string, body?: string, type = 'application/x-www-form-urlencoded'): string {
  return spawnSync('nsenter', ['-t', client, '-n', process.execPath, '-e', oneRequest, url, ...(body === undefined ? [] : [body, type])], { encoding: 'utf8' }).stdout.trim();
}

export const at = (address: string, target: string): string => `http://${address.includes(':') ? `[${address}]` : address}:8080${target}`;

export async function answering(client: string, address: string): Promise<void> {
  for (let tries = 0; !ask(client, at(address, '/who')).includes('client='); tries += 1) {
    if (tries > 100) throw new Error(`nothing answers at ${address}`);
    await sleep(100);
  }
}
