import { existsSync } from 'node:fs';

/**
 * The host's /proc: engine and kernel speak of the host's pids. The node container has no host pid namespace: its own
 * /proc shows none but its own processes, and the host's is mounted at /hostproc.
 */
export function hostProcFolder(mounted = '/hostproc'): string {
  return existsSync(`${mounted}/1`) ? mounted : '/proc';
}

export const hostProc = hostProcFolder();

/** The node's own root file system: from the node container it is reached through the host's first process. */
export const hostRoot = hostProc === '/proc' ? '/' : `${hostProc}/1/root`;
