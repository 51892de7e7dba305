import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** `wall` in ms; `cpu` in ms over the whole tree; `peak` in MiB: the sum of every process's own high-water mark. */
export type Run = { readonly wall: number; readonly cpu: number; readonly peak: number };

/** Runs a program to its end and measures its whole process tree. Throws when it fails. */
export async function measure(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const [program = '', ...args] = command;
  const before = childTimes();
  const start = performance.now();
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => {
    said = (said + bytes.toString('utf8')).slice(-4000);
  });
  const marks = new Map<number, number>();
  const poll = setInterval(() => watch(child.pid ?? 0, marks), 10);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const wall = performance.now() - start;
  clearInterval(poll);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return { wall, cpu: childTimes() - before, peak: [...marks.values()].reduce((sum, mark) => sum + mark, 0) / 1024 };
}

/** User and system time of all children that ended (stat fields cutime and cstime, in ticks of 10 ms). */
function childTimes(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

function watch(pid: number, marks: Map<number, number>): void {
  try {
    const mark = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (mark !== undefined) marks.set(pid, Math.max(marks.get(pid) ?? 0, Number(mark)));
    for (const one of readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')) if (one !== '') watch(Number(one), marks);
  } catch {
    // It ended meanwhile.
  }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
