import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { linearEngine } from '@palisade/inspect/regex/linear-engine';

/** `reads`: the worker opens files by path itself; `memory` in bytes, `cpu` in seconds. */
export type Wish = { readonly reads: boolean; readonly memory: number; readonly cpu: number; readonly program: readonly string[] };

/** V8 sets writable address space aside that it never touches; what is touched is measured apart from this limit. */
const reserve = 2 ** 30;

/** One way to start the worker, best first. `network`: in a network namespace of its own. */
export type Attempt = { readonly command: string; readonly args: readonly string[]; readonly network: boolean; readonly uid?: number };

/** "nobody": owns nothing, so that a worker that was taken over can write nothing. */
export const nobody = 65_534;

/**
 * The command lines that give a worker the least it can do with, each followed by a weaker one for machines that refuse
 * it. As root: another user, no capability but, for sources read by path, the one to read; an empty network namespace.
 * As an ordinary user: a user namespace for the empty network, no new privileges. No worker outlives its parent.
 */
export function attempts(wish: Wish, uid: number): Attempt[] {
  const root = uid === 0;
  const [node = process.execPath, ...rest] = wish.program;
  const program = [node, `--max-old-space-size=${Math.floor(wish.memory / 2 ** 20)}`, ...linearEngine, ...rest];
  const limits = tool('prlimit') === undefined ? [] : [tool('prlimit') ?? '', `--data=${wish.memory + reserve}`, `--cpu=${wish.cpu}`, '--core=0', '--'];
  const other = root && wish.program.filter((one) => path.isAbsolute(one)).every(reachableByOthers);
  const setpriv = tool('setpriv');
  const kept = other && wish.reads ? ',+dac_read_search' : '';
  const privileges = setpriv === undefined ? [] : ['--no-new-privs', ...(other ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []), `--inh-caps=-all${kept}`, `--ambient-caps=-all${kept}`, ...(root ? [`--bounding-set=-all${kept}`] : []), '--'];
  // Without the means to change user there is no other user.
  const as = other && setpriv !== undefined ? { uid: nobody } : {};
  const unshare = tool('unshare');
  const line = (prefix: readonly string[], network: boolean, end: readonly string[]): Attempt => {
    const [command = node, ...args] = [...prefix, ...(setpriv === undefined ? [] : [setpriv, ...end, ...privileges]), ...limits, ...program];
    return { command, args, network, ...as };
  };
  // The kernel ends a worker whose parent was killed; setpriv before util-linux 2.33 knows nothing of it.
  const ends = setpriv === undefined ? [[]] : [['--pdeathsig', 'KILL'], []];
  return ends.flatMap((end) => [
    ...(unshare === undefined ? [] : [line(root ? [unshare, '--net', '--'] : [unshare, '--user', '--map-current-user', '--net', '--'], true, end)]),
    line([], false, end),
  ]);
}

function tool(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].map((folder) => path.join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** True when every user may read the file and pass the folders above it. */
function reachableByOthers(file: string): boolean {
  if ((statSync(file).mode & 0o004) === 0) return false;
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === path.dirname(folder)) return true;
  }
}
