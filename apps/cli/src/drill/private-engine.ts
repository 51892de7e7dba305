import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A Docker engine of our own: own directories, own sockets, own containerd; stopped by pid, then forgotten. */
export type PrivateEngine = { readonly socket: string; readonly folder: string; stop(): Promise<void> };

/**
 * Starts containerd and dockerd from Debian's packages beside whatever else runs on the machine, without a bridge and
 * without firewall rules. Throws with the engine's own last lines when it doesn't come up within 60 s.
 */
export async function startPrivateEngine(): Promise<PrivateEngine> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-engine-'));
  const socket = path.join(folder, 'docker.sock');
  const containerdSocket = path.join(folder, 'containerd.sock');
  mkdirSync(path.join(folder, 'containerd'), { recursive: true });
  const containerdConfig = path.join(folder, 'containerd.toml');
  writeFileSync(containerdConfig, [`version = 2`, `root = "${folder}/containerd/root"`, `state = "${folder}/containerd/state"`, `disabled_plugins = ["io.containerd.grpc.v1.cri"]`, '[grpc]', `  address = "${containerdSocket}"`, ''].join('\n'));
  const daemonConfig = path.join(folder, 'daemon.json');
  writeFileSync(daemonConfig, '{}');
  const containerd = start('containerd', ['--config', containerdConfig], path.join(folder, 'containerd.log'));
  let dockerd: ChildProcess | undefined;
  const stop = async (): Promise<void> => {
    if (dockerd !== undefined) await end(dockerd);
    await end(containerd);
    unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await until(() => Promise.resolve(existsSync(containerdSocket)), containerd, path.join(folder, 'containerd.log'));
    dockerd = start(
      'dockerd',
      ['--config-file', daemonConfig, '--containerd', containerdSocket, '--data-root', path.join(folder, 'data'), '--exec-root', path.join(folder, 'exec'), '--pidfile', path.join(folder, 'docker.pid'), '--host', `unix://${socket}`, '--bridge', 'none', '--iptables=false', '--ip6tables=false', '--storage-driver', 'overlay2'],
      path.join(folder, 'dockerd.log'),
    );
    await until(() => answers(socket), dockerd, path.join(folder, 'dockerd.log'));
    return { socket, folder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A container on the host's network leaves a mount of its name space behind, which would keep the folder. */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8').split('\n').map((line) => line.split(' ')[1] ?? '');
  for (const point of points.filter((one) => one.startsWith(`${folder}/`)).reverse()) spawnSync('umount', [point]);
}

function start(program: string, args: readonly string[], log: string): ChildProcess {
  const fd = openSync(log, 'a', 0o600);
  const child = spawn(program, args, { stdio: ['ignore', fd, fd] });
  child.on('error', (error) => writeFileSync(log, `${program}: ${error.message}\n`, { flag: 'a' }));
  return child;
}

async function until(ready: () => Promise<boolean>, child: ChildProcess, log: string): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 100) {
    if (await ready()) return;
    if (child.exitCode !== null || child.pid === undefined) break;
    await sleep(100);
  }
  throw new Error(`the engine did not come up:\n${readFileSync(log, 'utf8').split('\n').slice(-15).join('\n')}`);
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = http.get({ socketPath, path: '/_ping' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    call.on('error', () => resolve(false));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(late);
}
