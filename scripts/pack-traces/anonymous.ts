type Process = { pid: number; ppid?: number; container?: string; comm?: string; env?: readonly string[]; start?: number };
type Container = { id: string; name?: string; mounts?: readonly { readonly source: string; readonly destination: string }[] };
type Line = { container?: Container; process?: Process; [other: string]: unknown };

/**
 * A trace without the machine it was recorded on: of the host's processes only the runtime's helper stays, without its
 * arguments; host paths of mounts, container names and the host's name are replaced. `environment`: keep variables.
 */
export function anonymous(trace: readonly string[], environment: boolean): string[] {
  // Folders of the run show in descriptors too.
  const lines = trace.map((line) => JSON.parse(line.replaceAll(/\/(?:[\w.-]+\/)*palisade-(?:engine|drill)-\w+\/(?:[\w.-]+\/)*[\w.-]*/g, '/srv/work')) as Line);
  const parents = new Set(lines.flatMap(({ process }) => (process?.container === undefined ? [] : [process.ppid])));
  return lines.flatMap((line): string[] => {
    if ('palisade.trace' in line) return [JSON.stringify({ ...line, hostname: 'node' })];
    if (line.container !== undefined) {
      const { mounts, ...rest } = line.container;
      return [JSON.stringify({ container: { ...rest, name: 'work', ...(mounts === undefined ? {} : { mounts: mounts.map((mount) => ({ ...mount, source: '/srv/work' })) }) } })];
    }
    const { process } = line;
    if (process === undefined) return [JSON.stringify(line)];
    if (process.container === undefined) {
      if (!parents.has(process.pid)) return [];
      const comm = process.comm?.startsWith('runc') === true ? 'runc' : 'containerd-shim';
      const path = comm === 'runc' ? '/usr/bin/runc' : '/usr/bin/containerd-shim-runc-v2';
      return [JSON.stringify({ process: { pid: process.pid, ppid: 1, start: process.start, comm, exe: path, exepath: path, args: [], cwd: '/' } })];
    }
    const { env, ...rest } = process;
    return [JSON.stringify({ process: { ...rest, ...(environment && env !== undefined ? { env } : {}) } })];
  });
}
