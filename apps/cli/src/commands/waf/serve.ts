import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Io } from '../../command.ts';
import { parentVariable } from '../../parent.ts';
import { serveOptions } from './serve-options.ts';
import { workerFlags } from './worker-flags.ts';

/** Keeps the workers of one site running until the command is ended. Exit 0; 2 when they can't start. */
export async function serve(args: readonly string[], io: Io): Promise<number> {
  const options = serveOptions(args, io.cwd);
  const workers: ChildProcess[] = [];
  let stopping = false;
  let failed: string | undefined;
  let wake: () => void = () => undefined;
  const over = new Promise<void>((resolve) => (wake = resolve));

  function launch(index: number, first: boolean): void {
    const [program = process.execPath, ...self] = io.self;
    const child = spawn(program, [...workerFlags, ...self, '__waf-worker', ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...io.env, [parentVariable]: String(process.pid) } });
    workers[index] = child;
    let ready = false;
    child.on('message', (message: { readonly address?: string }) => {
      ready = true;
      if (first && index === 0 && message.address !== undefined) io.err(`palisade waf: ${options.worker.mode} on ${message.address}, ${options.workers} worker${options.workers === 1 ? '' : 's'}\n`);
    });
    child.on('exit', (code, signal) => {
      if (stopping) return;
      if (first && !ready) {
        failed = `a worker did not start (${code ?? signal ?? ''})`;
        wake();
        return;
      }
      // A crash costs this worker's connections; the others go on meanwhile.
      io.err(`palisade waf: worker ${child.pid ?? 0} ended (${code ?? signal ?? ''}); another takes its place\n`);
      void sleep(ready ? 100 : 1000).then(() => {
        if (!stopping) launch(index, false);
      });
    });
  }
  const reload = (): void => {
    for (const child of workers) child.kill('SIGHUP');
  };
  io.signal.addEventListener('abort', wake, { once: true });
  process.on('SIGHUP', reload);
  for (let index = 0; index < options.workers; index += 1) launch(index, true);
  if (!io.signal.aborted) await over;
  stopping = true;
  process.off('SIGHUP', reload);
  await Promise.all(workers.map(end));
  if (failed !== undefined) io.err(`palisade: ${failed}\n`);
  return failed === undefined ? 0 : 2;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => void child.once('exit', resolve));
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await gone;
  clearTimeout(late);
}
