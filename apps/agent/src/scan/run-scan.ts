import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import path from 'node:path';
import { batchLimits } from '@palisade/model/wire';
import { ScanResult } from '@palisade/model/scan-result';

export type ScanRun = {
  /** Command and leading arguments that start the CLI. */
  readonly self: readonly string[];
  readonly target: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
};

/** One scan may take this long before it is ended. */
const timeLimit = 30 * 60_000;

/**
 * Scans in a process of its own at a low priority: what a hostile image does to a parser happens there. A scan that was
 * ended by a limit is a result too, of status "failed"; what cannot be read at all throws with the scan's own words.
 */
export async function runScan({ self, target, env, signal }: ScanRun): Promise<ScanResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-scan-'));
  try {
    const output = path.join(folder, 'scan.json');
    const [program = process.execPath, ...args] = self;
    const child = spawn(program, [...args, 'scan', target, '--format', 'json', '--output', output], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString('utf8')).slice(-2000);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      const stop = (): void => void child.kill('SIGKILL');
      const late = setTimeout(() => {
        said += `\nended after ${timeLimit / 60_000} minutes`;
        stop();
      }, timeLimit);
      signal.addEventListener('abort', stop, { once: true });
      const done = (): void => {
        clearTimeout(late);
        signal.removeEventListener('abort', stop);
      };
      child.on('error', (error) => {
        done();
        reject(error);
      });
      child.on('close', (exit) => {
        done();
        resolve(exit);
      });
    });
    signal.throwIfAborted();
    // 1 (denied by a policy) and 3 (partial) are results too, and 2 where a document says what failed.
    if (code === null || (code === 2 && !existsSync(output))) throw new Error(said.trim() === '' ? `the scan ended with ${code ?? 'a signal'}` : said.trim());
    const { size } = statSync(output);
    if (size > batchLimits.lineBytes - 4096) throw new Error(`the result has ${size} bytes, more than one item may have`);
    return ScanResult.parse(JSON.parse(readFileSync(output, 'utf8')));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
