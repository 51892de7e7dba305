import type { Event, Fd } from '../event.ts';
import { errnoName } from '../event-types/errno.ts';
import { flagNames } from '../event-types/flags.ts';
import type { EventType, Parameter } from '../event-types/table.ts';
import { eventTypes } from '../event-types/table.ts';
import { argsText, envText } from './command-line.ts';
import { socketName } from './fd.ts';
import type { FieldContext } from './field.ts';

// evt.arg.*: arguments as Falco shows them: flags by name, paths absolute, users by name, descriptors with their file.

const execNames = new Set(['execve', 'execveat']);
const isExec: readonly boolean[] = eventTypes.map((type) => execNames.has(type.name));
const isClone: readonly boolean[] = eventTypes.map((type) => ['clone', 'clone3', 'fork', 'vfork'].includes(type.name));

/** What an exec's or clone's arguments are is what the process now is. */
function ofProcess(event: Event, name: string): string | number | undefined {
  const { process } = event;
  switch (name) {
    case 'exe': return process.exe;
    case 'args': return argsText(process);
    case 'env': return envText(process);
    case 'comm': return process.comm;
    case 'cwd': return process.cwd;
    case 'tid': return event.tid;
    case 'pid': return process.pid;
    case 'ptid': return process.ppid;
    case 'tty': return process.tty;
    case 'pgid': return process.pgid;
    case 'loginuid': return process.loginuid >= 4294967295 ? -1 : process.loginuid;
    case 'uid': return process.uid;
    case 'gid': return process.gid;
    case 'vpid': return process.vpid;
    case 'vtid': return event.vtid;
    case 'cap_inheritable': return process.capInheritable;
    case 'cap_permitted': return process.capPermitted;
    case 'cap_effective': return process.capEffective;
    case 'exe_ino': return process.executable?.ino;
    case 'exe_ino_ctime': return process.executable?.ctime;
    case 'exe_ino_mtime': return process.executable?.mtime;
    case 'trusted_exepath': return process.exepath;
    case 'filename': case 'pathname': return process.script ?? process.exepath;
    case 'flags': {
      const exe = process.executable;
      return exe === undefined ? undefined : (exe.writable ? 1 : 0) + (exe.upper ? 2 : 0) + (exe.memfd ? 4 : 0) + (exe.lower ? 8 : 0);
    }
    default: return undefined;
  }
}

/** The raw value: a number as the kernel has it, or a text. */
export function rawArgument(event: Event, name: string): string | number | undefined {
  const given = event.arg(name);
  if (given !== undefined) return given;
  if (name === 'res') return event.result;
  if (isExec[event.type] === true || isClone[event.type] === true) return ofProcess(event, name);
  if (name === 'fd' && event.fd !== undefined) return event.fd.num;
  if ((name === 'tuple' || name === 'addr') && event.fd !== undefined) return socketName(event.fd) ?? event.fd.path;
  return name === 'data' ? event.buffer : undefined;
}

function fdText(fd: Fd): string {
  const letter = fd.kind === 'ipv4' ? '4' : fd.kind === 'ipv6' ? '6' : fd.kind === 'unix' ? 'u' : fd.kind === 'pipe' ? 'p' : fd.kind === 'directory' ? 'd' : 'f';
  const protocol = fd.protocol === undefined || (letter !== '4' && letter !== '6') ? '' : fd.protocol[0] ?? '';
  return `<${letter}${protocol}>${socketName(fd) ?? fd.path}`;
}

function shown(event: Event, parameter: Parameter, context: FieldContext): string | undefined {
  const { name, kind } = parameter;
  if (kind === 'p') return event.path(name) ?? text(event.arg(name));
  const value = rawArgument(event, name);
  if (value === undefined || typeof value === 'string') return value;
  switch (kind) {
    case 'n': case 's': return String(value);
    case 'o': return value === 0 ? '0' : `0${value.toString(8)}`;
    case 'x': return value.toString(16).toUpperCase();
    case 'r': return value < 0 ? errnoName(value) : String(value);
    case 'f': {
      if (event.fd !== undefined && event.fd.num === value) return fdText(event.fd);
      return value === -100 || value === 4294967196 ? 'AT_FDCWD' : value < 0 ? errnoName(value) : String(value);
    }
    case 'u': return context.names.user(value, event.process.container)?.name ?? (value === 0 ? 'root' : String(value));
    case 'g': return context.names.group(value, event.process.container) ?? (value === 0 ? 'root' : String(value));
    default: return flagText(kind, value);
  }
}

// Programs use the same few flags all the time: their names are put together once.
const flagTexts = new Map<string, Map<number, string>>();
const maxFlagTexts = 4096;

function flagText(kind: string, value: number): string {
  let known = flagTexts.get(kind);
  if (known === undefined) flagTexts.set(kind, (known = new Map()));
  let text = known.get(value);
  if (text === undefined) {
    text = flagNames(kind, value);
    if (known.size < maxFlagTexts) known.set(value, text);
  }
  return text;
}

function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}

/** evt.arg.NAME: undefined where this type of event has no such argument. */
export function argumentGetter(name: string, context: FieldContext): (event: Event) => string | undefined {
  const parameters = eventTypes.map((type) => type.parameters.find((parameter) => parameter.name === name));
  return (event) => {
    const parameter = parameters[event.type];
    return parameter === undefined ? undefined : shown(event, parameter, context);
  };
}

/** evt.arg[N]. */
export function argumentAt(index: number, context: FieldContext): (event: Event) => string | undefined {
  return (event) => {
    const parameter = eventTypes[event.type]?.parameters[index];
    return parameter === undefined ? undefined : shown(event, parameter, context);
  };
}

/** evt.args: "name=value name=value", values that have a name as number(name). */
export function allArguments(event: Event, context: FieldContext): string {
  const type = eventTypes[event.type] as EventType;
  const parts: string[] = [];
  for (const parameter of type.parameters) {
    const value = shown(event, parameter, context);
    if (value === undefined) continue;
    const raw = rawArgument(event, parameter.name);
    const named = typeof raw === 'number' && String(raw) !== value && !['x', 'o'].includes(parameter.kind);
    parts.push(`${parameter.name}=${named ? `${raw}(${value})` : value}`);
  }
  return parts.join(' ');
}
