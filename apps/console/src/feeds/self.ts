import { spawn } from 'node:child_process';
import { refuse } from '../errors.ts';
import { selfCommand } from '../judging/child.ts';

/** Runs our own CLI as a child with a heap and time limit and no environment to speak of. Answers its exit code and what it said. */
export async function runSelf(args: readonly string[], limits: { heapMegabytes: number; minutes: number }, signal?: AbortSignal): Promise<{ code: number; out: string; err: string }> {
  const [program = process.execPath, ...own] = selfCommand();
  const child = spawn(program, [`--max-old-space-size=${limits.heapMegabytes}`, ...own, ...args], {
    env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC', LANG: 'C.UTF-8' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limits.minutes * 60_000,
    killSignal: 'SIGKILL',
  });
  const end = (): void => void child.kill('SIGKILL');
  signal?.addEventListener('abort', end, { once: true });
  let out = '';
  let err = '';
  child.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString('utf8');
    // A manifest of a few hundred sources has some hundred kilobytes.
    if (out.length > 64 << 20) end();
  });
  child.stderr.on('data', (bytes: Buffer) => (err = (err + bytes.toString('utf8')).slice(-4000)));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', resolve);
    });
    signal?.throwIfAborted();
    if (code === null) throw refuse('internal', `"${args.slice(0, 2).join(' ')}" passed its limit of ${limits.minutes} min or ${limits.heapMegabytes} MiB and was ended`);
    return { code, out, err: err.trim().replace(/^palisade: /, '') };
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
