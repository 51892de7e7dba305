import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Clock ticks of /proc are hundredths of a second; ns. */
const tick = 10_000_000;

/** When a process started, in ns since boot; undefined when it has ended. `root`: the host's /proc. */
export function processStart(pid: number, root: string): number | undefined {
  try {
    const stat = readFileSync(path.join(root, String(pid), 'stat'), 'utf8');
    // The name in parentheses may itself hold blanks and parentheses.
    const field = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    return field === undefined ? undefined : Number(field) * tick;
  } catch {
    return undefined;
  }
}
