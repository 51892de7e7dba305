import { eventTypes } from '../event-types/table.ts';
import type { Container, Event, EventSource, Fd, Process } from '../event.ts';

/** Writes events in the form that `rules replay` reads: containers and processes first, each once per change. */
export function createTraceWriter(source: EventSource, write: (line: string) => void): { event(event: Event): void } {
  const containers = new Set<string>(['host']);
  const processes = new Map<number, Process>();
  const put = (value: object): void => write(`${JSON.stringify(value)}\n`);
  put({ 'palisade.trace': 1, origin: source.origin.toString(), hostname: source.hostname });

  function container(container: Container): void {
    if (containers.has(container.id)) return;
    containers.add(container.id);
    put({ container: filled(container) });
  }

  function ancestors(process: Process, depth = 0): void {
    if (processes.get(process.pid) === process || depth > 64) return;
    if (process.parent !== undefined) ancestors(process.parent, depth + 1);
    container(process.container);
    processes.set(process.pid, process);
    put({ process: processLine(process) });
  }

  return {
    event(event) {
      ancestors(event.process);
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
          type: type?.name, time: event.time, pid: event.process.pid, ...(event.tid === event.process.pid ? {} : { tid: event.tid }), cpu: event.cpu, ...(event.result === undefined ? {} : { res: event.result }),
          ...(Object.keys(args).length === 0 ? {} : { args }), ...(Object.keys(bases).length === 0 ? {} : { bases }), ...(event.fd === undefined ? {} : { fd: fdLine(event.fd) }), ...(event.buffer === undefined ? {} : { buffer: event.buffer }),
        },
      });
    },
  };
}

function filled(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined && member !== '' && !(Array.isArray(member) && member.length === 0)));
}

function fdLine(fd: Fd): object {
  return filled(fd);
}

function processLine(process: Process): object {
  const { parent: _parent, container, texts: _texts, stdio, args, ...rest } = process;
  return { ...filled(rest), comm: process.comm, args, ...(container.id === 'host' ? {} : { container: container.id }), ...(stdio.some((fd) => fd !== undefined) ? { stdio: stdio.slice(0, 3).map((fd) => (fd === undefined ? null : fdLine(fd))) } : {}) };
}
