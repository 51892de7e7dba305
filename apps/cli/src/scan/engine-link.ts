import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerEngine } from '@palisade/engine/engine';
import { UsageError } from '../command.ts';
import type { Io } from '../command.ts';
import { parentVariable } from '../parent.ts';

/** A container engine reached through a guard of this command's own: only that child holds the engine's socket. */
export async function linkEngine(io: Io): Promise<{ engine: ContainerEngine; close(): void }> {
  const socket = engineSocket(io.env);
  if (!existsSync(socket)) throw new UsageError(`no Docker engine: ${socket} does not exist (DOCKER_HOST=unix://... names another)`);
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-guard-'));
  const listen = path.join(folder, 'guard.sock');
  const [program = process.execPath, ...args] = io.self;
  const child = spawn(program, [...args, '__engine-guard', socket, listen], { stdio: ['ignore', 'ignore', 'pipe'], env: { ...io.env, [parentVariable]: String(process.pid) } });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-2000);
  });
  const close = (): void => {
    child.kill('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  // While the guard starts on another core.
  const { dockerEngine } = await import('@palisade/engine/docker/engine');
  for (let waited = 0; !existsSync(listen); waited += 2) {
    if (child.exitCode !== null || waited > 10_000) {
      close();
      throw new Error(`the engine guard did not start: ${said.trim()}`);
    }
    await sleep(2);
  }
  return { engine: dockerEngine(listen, { node: 'local', cluster: 'local' }), close };
}

/** The engine socket that DOCKER_HOST names, else the usual one. */
export function engineSocket(env: Io['env']): string {
  const host = env['DOCKER_HOST'] ?? '';
  if (host === '') return '/var/run/docker.sock';
  if (host.startsWith('unix://')) return host.slice('unix://'.length);
  throw new UsageError(`DOCKER_HOST=${host}: only unix:// sockets are read`);
}
