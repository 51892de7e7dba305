import path from 'node:path';
import { PalisadeError } from '@palisade/model/error';
import type { z } from 'zod';
import type { ArgValue, Container, Event, EventSource, Process } from '../event.ts';
import { hostContainer } from '../event.ts';
import { eventTypeByName } from '../event-types/table.ts';
import { HeaderLine, TraceLine } from './form.ts';
import type { EventLine } from './form.ts';
import { containerOf, fdOf, processOf } from './process-table.ts';

/** Limits against traces made to fill memory. */
const limits = { line: 1024 * 1024, processes: 500_000, containers: 50_000 } as const;

/** Ten steps between events without a time keep their order: one microsecond each. */
const step = 1000;

export type TraceReader = {
  readonly source: EventSource;
  /** Takes one line; answers the event it is, or undefined for a process or container. The event is reused. */
  read(line: string): Event | undefined;
};

/** Starts at the first line. Throws PalisadeError `trace` with file and line for whatever is not a trace. */
export function openTrace(file: string, header: string): TraceReader {
  const first = parse(file, 1, header, HeaderLine);
  return readerFor(file, { origin: BigInt(first.origin), hostname: first.hostname });
}

function fault(file: string, line: number, message: string): PalisadeError {
  return new PalisadeError('trace', `${file}:${line}: ${message}`, { detail: { file, line } });
}

function parse<T>(file: string, number: number, text: string, schema: { safeParse(value: unknown): z.ZodSafeParseResult<T> }): T {
  if (text.length > limits.line) throw fault(file, number, `line longer than ${limits.line} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault(file, number, number === 1 ? 'not a trace: its first line is no JSON' : 'not JSON');
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const issue = deepest(result.error.issues);
    throw fault(file, number, `${issue.path.join('.') || 'line'}: ${issue.message}`);
  }
  return result.data;
}

// Of the alternatives of a union, the one that got furthest says what is wrong.
function deepest(issues: readonly z.core.$ZodIssue[]): { readonly path: readonly PropertyKey[]; readonly message: string } {
  const [first] = issues;
  if (first === undefined) return { path: [], message: 'not a line of a trace' };
  if (first.code !== 'invalid_union' || first.errors.length === 0) return first;
  const inner = first.errors.map(deepest).sort((a, b) => b.path.length - a.path.length)[0];
  return inner === undefined ? first : inner.path.length === 0 ? { path: [], message: 'expected {"container": …}, {"process": …} or {"event": …}' } : inner;
}

function readerFor(file: string, source: EventSource): TraceReader {
  const processes = new Map<number, Process>();
  const containers = new Map<string, Container>([['host', hostContainer]]);
  const lookup = { process: (pid: number) => processes.get(pid), container: (id: string) => containers.get(id) };
  let number = 1;
  let time = 0;
  let args: Readonly<Record<string, ArgValue>> = {};
  let bases: Readonly<Record<string, string>> = {};
  const event = {
    num: 0, type: 0, time: 0, cpu: 0, tid: 0, vtid: 0, process: undefined as unknown as Process, result: undefined as number | undefined, fd: undefined as Event['fd'], buffer: undefined as string | undefined,
    arg: (name: string): ArgValue | undefined => args[name],
    path(name: string): string | undefined {
      const value = args[name];
      if (typeof value !== 'string') return undefined;
      const base = bases[name] ?? event.process.cwd;
      return path.posix.resolve(base === '' ? '/' : base, value);
    },
  };

  function remember(process: Process): void {
    if (processes.size >= limits.processes && !processes.has(process.pid)) throw fault(file, number, `more than ${limits.processes} processes`);
    processes.set(process.pid, process);
  }

  function readEvent(line: z.infer<typeof EventLine>): Event {
    const type = eventTypeByName.get(line.type);
    if (type === undefined) throw fault(file, number, `event.type: unknown event type "${line.type}"`);
    time = line.time ?? time + step;
    let process = processes.get(line.pid);
    if (line.process !== undefined || process === undefined) {
      process = processOf({ ...line.process, pid: line.pid }, process, lookup, time);
      remember(process);
    }
    args = line.args ?? {};
    bases = line.bases ?? {};
    event.num += 1;
    event.type = type.id;
    event.time = time;
    event.cpu = line.cpu ?? 0;
    event.tid = line.tid ?? line.pid;
    event.vtid = line.vtid ?? process.vpid;
    event.process = process;
    event.result = line.res ?? (type.name === 'procexit' || type.name === 'container' ? undefined : 0);
    event.fd = line.fd === undefined ? undefined : fdOf(line.fd);
    event.buffer = line.buffer;
    if (type.name === 'procexit') processes.delete(line.pid);
    return event;
  }

  return {
    source,
    read(text) {
      number += 1;
      if (text.trim() === '') return undefined;
      const line = parse(file, number, text, TraceLine);
      try {
        if ('event' in line) return readEvent(line.event);
        if ('container' in line) {
          if (containers.size >= limits.containers) throw fault(file, number, `more than ${limits.containers} containers`);
          containers.set(line.container.id, containerOf(line.container));
        } else remember(processOf(line.process, undefined, lookup, line.process.start ?? time));
        return undefined;
      } catch (error) {
        if (error instanceof PalisadeError) throw error;
        throw fault(file, number, error instanceof Error ? error.message : String(error));
      }
    },
  };
}
