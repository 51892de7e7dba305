import { execFile, execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { TestEngine } from '../../../scripts/test-engine.ts';

const root = path.resolve(import.meta.dirname, '../../..');

export type Alert = { readonly rule: string; readonly priority: string; readonly time: string; readonly output: string; readonly output_fields: Readonly<Record<string, unknown>>; readonly tags: readonly string[]; readonly hostname: string; readonly source: string; readonly seen: number };

/** `docker` against the test's own engine; answers what it printed. Throws when it fails. */
export async function docker(engine: TestEngine, ...args: readonly string[]): Promise<string> {
  const done = await promisify(execFile)('docker', args, { env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_API_VERSION: '1.41' } });
  return done.stdout.trim();
}

/** An image with busybox, the actor and the given scripts; nothing else. */
export function buildImage(engine: TestEngine, name: string, scripts: Readonly<Record<string, string>> = {}): void {
  const tree = path.join(engine.folder, 'tree');
  rmSync(tree, { recursive: true, force: true });
  for (const folder of ['bin', 'etc', 'root/.ssh', 'tmp', 'var/log', 'proc', 'dev']) mkdirSync(path.join(tree, folder), { recursive: true });
  copyFileSync('/bin/busybox', path.join(tree, 'bin/busybox'));
  for (const applet of execFileSync('/bin/busybox', ['--list'], { encoding: 'utf8' }).trim().split('\n')) if (applet !== 'busybox') symlinkSync('busybox', path.join(tree, 'bin', applet));
  execFileSync('gcc', ['-static', '-O1', '-o', path.join(tree, 'bin/actor'), path.join(import.meta.dirname, 'actor.c')]);
  copyFileSync(path.join(tree, 'bin/actor'), path.join(tree, 'bin/ssh'));
  writeFileSync(path.join(tree, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/:/bin/sh\nshop:x:1000:1000::/:/bin/sh\n');
  writeFileSync(path.join(tree, 'etc/group'), 'root:x:0:\ndaemon:x:1:\n');
  writeFileSync(path.join(tree, 'etc/shadow'), 'root:*:19000:0:99999:7:::\n');
  writeFileSync(path.join(tree, 'var/log/syslog'), 'line\n');
  for (const [to, text] of Object.entries(scripts)) {
    writeFileSync(path.join(tree, to), text);
    chmodSync(path.join(tree, to), 0o755);
  }
  execFileSync('sh', ['-c', 'tar -C "$0" -c . | docker import - "$1"', tree, name], { env: { ...process.env, DOCKER_HOST: `unix://${engine.socket}`, DOCKER_API_VERSION: '1.41' }, stdio: ['ignore', 'ignore', 'inherit'] });
}

export type Watch = { readonly alerts: readonly Alert[]; readonly said: () => string; until(what: (alert: Alert) => boolean): Promise<Alert>; stop(): Promise<number | null> };

/** `palisade watch --format json` from source, armed. */
export async function startWatch(engine: TestEngine | undefined, rules: readonly string[]): Promise<Watch> {
  if (!existsSync(path.join(root, 'sensor/build/warden'))) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')]);
  const child: ChildProcess = spawn(path.join(root, 'palisade'), ['watch', '--format', 'json', ...rules.flatMap((file) => ['--rules', file])], {
    env: { ...process.env, PALISADE_DEV: '1', LANG: 'C', DOCKER_HOST: `unix://${engine?.socket ?? '/nowhere.sock'}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const alerts: Alert[] = [];
  let said = '';
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => void alerts.push({ ...(JSON.parse(line) as Alert), seen: Date.now() }));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  for (let waited = 0; !said.includes('armed:'); waited += 20) {
    if (child.exitCode !== null || waited > 60_000) throw new Error(`watch did not arm: ${said}`);
    await sleep(20);
  }
  return {
    alerts,
    said: () => said,
    async until(what) {
      for (let waited = 0; waited < 10_000; waited += 10) {
        const found = alerts.find(what);
        if (found !== undefined) return found;
        await sleep(10);
      }
      throw new Error(`no such alert; there were:\n${alerts.map((alert) => alert.output.slice(0, 300)).join('\n')}\n${said}`);
    },
    async stop() {
      child.kill('SIGINT');
      while (child.exitCode === null && child.signalCode === null) await sleep(10);
      return child.exitCode;
    },
  };
}
