import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * `wall` in ms; `cpu` in ms over the whole tree. In MiB: `peak`, the most that all processes held resident at one moment
 * (what two share counts twice); `pss`, the same with shared pages counted once; `marks`, the sum of every process's own
 * high-water mark, whenever it was.
 */
export type Run = { readonly wall: number; readonly cpu: number; readonly peak: number; readonly pss: number; readonly marks: number };

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
  let peak = 0;
  let pss = 0;
  let looks = 0;
  const poll = setInterval(() => {
    peak = Math.max(peak, watch(child.pid ?? 0, marks));
    // The kernel walks page tables for this one.
    if ((looks += 1) % 5 === 0) pss = Math.max(pss, proportional([...marks.keys()]));
  }, 10);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const wall = performance.now() - start;
  clearInterval(poll);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${said}`);
  return { wall, cpu: childTimes() - before, peak: peak / 1024, pss: pss / 1024, marks: [...marks.values()].reduce((sum, mark) => sum + mark, 0) / 1024 };
}

/** User and system time of all children that ended (stat fields cutime and cstime, in ticks of 10 ms). */
function childTimes(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\) /s, '').split(' ');
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** What the tree holds resident now, in KiB; keeps each process's high-water mark. */
function watch(pid: number, marks: Map<number, number>): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mark = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    if (mark !== undefined) marks.set(pid, Math.max(marks.get(pid) ?? 0, Number(mark)));
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter((one) => one !== '');
    return children.reduce((sum, one) => sum + watch(Number(one), marks), Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0));
  } catch {
    // It ended meanwhile.
    return 0;
  }
}

function proportional(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    try {
      return sum + Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return sum;
    }
  }, 0);
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
