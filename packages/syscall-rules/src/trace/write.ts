import { eventTypes } from '../event-types/table.ts';
import type { Container, Event, EventSource, Fd, Names, Process } from '../event.ts';

/** What may change of a process between two of its events, without a further exec. */
const changing = ['uid', 'gid', 'loginuid', 'tty', 'capEffective', 'cwd', 'ppid', 'sid', 'pgid'] as const;

/**
 * Writes events in the form that `rules replay` reads: containers and processes first, each once per change. With
 * `names` users are written by name too, since a trace is read where their files are not.
 */
export function createTraceWriter(source: EventSource, write: (line: string) => void, names?: Pick<Names, 'user' | 'group'>): { event(event: Event): void } {
  const containers = new Map<string, Container>();
  const processes = new Map<number, { readonly process: Process; readonly state: string }>();
  const put = (value: object): void => write(`${JSON.stringify(value)}\n`);
  put({ 'palisade.trace': 1, origin: source.origin.toString(), hostname: source.hostname });

  function container(container: Container): void {
    if (container.id === 'host' || containers.get(container.id) === container) return;
    containers.set(container.id, container);
    put({ container: filled(container) });
  }

  function follow(process: Process, depth = 0): void {
    const state = changing.map((name) => process[name]).join(' ');
    const known = processes.get(process.pid);
    // Of an ancestor only the program matters; where it stands now is not what its child was started by.
    if (known?.process === process && (depth > 0 || known.state === state) && (depth > 0 || process.container.id === 'host' || containers.get(process.container.id) === process.container)) return;
    if (depth > 64) return;
    if (process.parent !== undefined) follow(process.parent, depth + 1);
    container(process.container);
    processes.set(process.pid, { process, state });
    put({ process: processLine(process, names) });
  }

  return {
    event(event) {
      follow(event.process);
      const type = eventTypes[event.type];
      const args: Record<string, string | number> = {};
      const bases: Record<string, string> = {};
      for (const { name, kind } of type?.parameters ?? []) {
        const value = event.arg(name);
        if (value === undefined) continue;
        args[name] = value;
        if (kind !== 'p' || typeof value !== 'string' || value.startsWith('/')) continue;
        const absolute = event.path(name);
        if (absolute?.endsWith(value) === true) bases[name] = absolute.slice(0, absolute.length - value.length) || '/';
        else if (absolute !== undefined) args[name] = absolute;
      }
      put({
        event: {
          type: type?.name, time: event.time, pid: event.process.pid, ...(event.tid === event.process.pid ? {} : { tid: event.tid, vtid: event.vtid }), cpu: event.cpu, ...(event.result === undefined ? {} : { res: event.result }),
          ...(Object.keys(args).length === 0 ? {} : { args }), ...(Object.keys(bases).length === 0 ? {} : { bases }), ...(event.fd === undefined ? {} : { fd: fdLine(event.fd) }), ...(event.buffer === undefined ? {} : { buffer: event.buffer }),
        },
      });
      if (type?.name === 'procexit') processes.delete(event.process.pid);
    },
  };
}

function filled(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== '' && !(Array.isArray(member) && member.length === 0)));
}

function fdLine(fd: Fd): object {
  return filled(fd);
}

/** Member by member: a live process answers many of them by getters, which no spread would see. */
function processLine(process: Process, names: Pick<Names, 'user' | 'group'> | undefined): object {
  const { container, stdio } = process;
  return {
    ...filled({
      pid: process.pid, start: process.start, ppid: process.ppid, vpid: process.vpid, sid: process.sid, pgid: process.pgid, vsid: process.vsid, vpgid: process.vpgid, exe: process.exe, exepath: process.exepath, env: process.env, cwd: process.cwd,
      uid: process.uid, gid: process.gid, loginuid: process.loginuid, tty: process.tty, capEffective: process.capEffective, capPermitted: process.capPermitted, capInheritable: process.capInheritable, executable: process.executable,
      script: process.script, user: process.user ?? names?.user(process.uid, container)?.name, loginuser: process.loginuser, group: process.group ?? names?.group(process.gid, container), namespaceStart: process.namespaceStart, threads: process.threads,
      vmSize: process.vmSize, vmRss: process.vmRss, vmSwap: process.vmSwap, fdOpen: process.fdOpen, fdLimit: process.fdLimit, execTime: process.execTime, probe: process.probe, cgroups: process.cgroups,
    }),
    comm: process.comm,
    args: process.args,
    ...(container.id === 'host' ? {} : { container: container.id }),
    ...(stdio.some((fd) => fd !== undefined) ? { stdio: stdio.slice(0, 3).map((fd) => (fd === undefined ? null : fdLine(fd))) } : {}),
  };
}
