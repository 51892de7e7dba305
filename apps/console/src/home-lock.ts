import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { refuse } from './errors.ts';

const fileIn = (home: string): string => path.join(home, 'console.pid');

/** The process that runs on this home now, other than ourselves. */
export function homeHolder(home: string): number | undefined {
  if (!existsSync(fileIn(home))) return undefined;
  const [pid = '', started] = readFileSync(fileIn(home), 'utf8').split('\n');
  const now = startTime(Number(pid));
  return Number(pid) !== process.pid && now !== undefined && now === started ? Number(pid) : undefined;
}

/** One console per home: a second one would share its embedded Postgres and stop it under the first. Answers how to let go. */
export function takeHome(home: string): () => void {
  const holder = homeHolder(home);
  if (holder !== undefined) throw refuse('conflict', `another console (process ${holder}) runs on ${home}`);
  writeFileSync(fileIn(home), `${process.pid}\n${startTime(process.pid) ?? ''}\n`);
  return () => rmSync(fileIn(home), { force: true });
}

/** A process's start time in clock ticks since boot: with the pid, its identity. */
function startTime(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
