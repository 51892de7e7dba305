import type { Endpoint, Event, Fd } from '../event.ts';
import { eventTypes } from '../event-types/table.ts';
import type { FieldDefinition, FieldType, FieldValue, Getter } from './field.ts';
import { field, indexArgument } from './field.ts';
import { oncePerEvent } from './once-per-event.ts';
import { serviceName } from './services.ts';

const own = (name: string, type: FieldType, get: (fd: Fd, event: Event) => FieldValue, extra: Partial<FieldDefinition> = {}) =>
  field(name, type, (event) => (event.fd === undefined ? undefined : get(event.fd, event)), extra);

// Events that make a file descriptor: when they fail there is none, but Falco still tells the name that was tried.
const opens: ReadonlySet<number> = new Set(eventTypes.filter((type) => ['open', 'openat', 'openat2', 'creat', 'open_by_handle_at'].includes(type.name)).map((type) => type.id));
const chars: Readonly<Record<string, string>> = { file: 'f', directory: 'd', ipv4: '4', ipv6: '6', unix: 'u', pipe: 'p', event: 'e', signalfd: 's', eventpoll: 'l', inotify: 'i', timerfd: 't', bpf: 'b', userfaultfd: 'u', io_uring: 'r', memfd: 'm', pidfd: 'P', netlink: 'n', packet: 'k', unknown: 'o' };
const isInternet = (fd: Fd): boolean => fd.kind === 'ipv4' || fd.kind === 'ipv6';

// The name as asked for, and where the kernel's own walk ended (links followed) if that is elsewhere: a rule about
// /etc/shadow must see a link to it, and one about /var/run must see what was written there by that name.
const fileNames = oncePerEvent((event: Event): FieldValue => {
  const { fd } = event;
  if (!opens.has(event.type)) return fd === undefined ? undefined : socketName(fd) ?? fd.path;
  const asked = event.path(eventTypes[event.type]?.name === 'open_by_handle_at' ? 'path' : 'name');
  if (fd === undefined || fd.path === '' || fd.path === asked) return asked ?? fd?.path;
  return asked === undefined ? fd.path : [asked, fd.path];
});

const directories = oncePerEvent((event: Event): FieldValue => (isFile(event.fd) ? each(fileNames(event), directoryOf) : undefined));
const baseNames = oncePerEvent((event: Event): FieldValue => (event.fd !== undefined && isFile(event.fd) ? each(fileNames(event), (path) => path.slice(path.lastIndexOf('/') + 1)) : undefined));

function each(value: FieldValue, change: (name: string) => string | undefined): FieldValue {
  if (typeof value === 'string') return change(value);
  if (!Array.isArray(value)) return undefined;
  const changed = (value as readonly string[]).map(change).filter((name) => name !== undefined);
  return changed.length === 0 ? undefined : changed;
}

/** "local->remote" for a connection, "address:port" for a socket that only listens; undefined for other kinds. */
export function socketName(fd: Fd): string | undefined {
  if (!isInternet(fd)) return undefined;
  const text = (end: Endpoint): string => `${end.ip}:${end.port}`;
  if (fd.local !== undefined && fd.remote !== undefined) return fd.role === 'server' ? `${text(fd.remote)}->${text(fd.local)}` : `${text(fd.local)}->${text(fd.remote)}`;
  const end = fd.local ?? fd.remote;
  return end === undefined ? '' : text(end);
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash > 0 ? path.slice(0, slash) : '/';
}

const noDevice = { unfilled: 'the device of an opened file is not recorded' };
const isFile = (fd: Fd | undefined): boolean => fd === undefined || fd.kind === 'file' || fd.kind === 'directory';
const server = (fd: Fd): Endpoint | undefined => (fd.role === 'server' ? fd.local : (fd.remote ?? fd.local));
const client = (fd: Fd): Endpoint | undefined => (fd.role === 'server' ? fd.remote : fd.remote === undefined ? undefined : fd.local);
const sides: readonly (readonly [letter: string, end: (fd: Fd) => Endpoint | undefined])[] = [
  ['c', client],
  ['s', server],
  ['l', (fd) => fd.local],
  ['r', (fd) => fd.remote],
];

function bothIps(fd: Fd): FieldValue {
  if (!isInternet(fd)) return undefined;
  const ends = [fd.local?.ip, fd.remote?.ip].filter((ip) => ip !== undefined);
  return ends.length === 0 ? undefined : ends;
}

function bothPorts(fd: Fd): FieldValue {
  if (!isInternet(fd)) return undefined;
  const ends = [fd.local?.port, fd.remote?.port].filter((port) => port !== undefined);
  return ends.length === 0 ? undefined : ends;
}

const major = (dev: number): number => Math.floor(dev / 2 ** 20) & 0xfff;
const minor = (dev: number): number => dev & 0xfffff;

function typesField(): FieldDefinition {
  return {
    name: 'fd.types',
    type: 'string',
    argument: 'optional',
    arity: 'list',
    bind(argument): Getter {
      if (argument === undefined) return (event) => [...new Set([...event.process.stdio, event.fd].filter((fd) => fd !== undefined).map((fd) => fd.kind))];
      const number = indexArgument(argument, 'fd.types');
      return (event) => {
        const kind = event.fd?.num === number ? event.fd.kind : event.process.stdio[number]?.kind;
        return kind === undefined ? undefined : [kind];
      };
    },
  };
}

/** Falco's fd.*. */
export const fdFields: readonly FieldDefinition[] = [
  field('fd.num', 'number', (event) => event.fd?.num ?? (opens.has(event.type) ? Math.max(-1, event.result ?? -1) : undefined)),
  own('fd.type', 'string', (fd) => fd.kind),
  field('fd.typechar', 'string', (event) => (event.fd === undefined ? (opens.has(event.type) ? 'f' : undefined) : chars[event.fd.kind])),
  field('fd.name', 'string', fileNames, { arity: 'either' }),
  field('fd.directory', 'string', directories, { arity: 'either' }),
  field('fd.filename', 'string', baseNames, { arity: 'either' }),
  field('fd.nameraw', 'string', (event) => {
    if (!opens.has(event.type)) return event.fd === undefined || isInternet(event.fd) ? undefined : event.fd.path;
    const raw = event.arg('name') ?? event.arg('path');
    return typeof raw === 'string' ? (raw.includes('//') ? raw.replaceAll(/\/{2,}/g, '/') : raw) : undefined;
  }),
  own('fd.ip', 'ip', bothIps, { arity: 'either', only: 'condition' }),
  own('fd.port', 'number', bothPorts, { arity: 'either', only: 'condition' }),
  own('fd.net', 'net', bothIps, { arity: 'either', only: 'condition' }),
  own('fd.proto', 'string', (fd) => [fd.local, fd.remote].flatMap((end) => (end === undefined ? [] : [String(end.port), serviceName(end.port)])), { arity: 'either', only: 'condition' }),
  ...sides.flatMap(([letter, end]) => [
    own(`fd.${letter}ip`, 'ip', (fd) => (isInternet(fd) ? end(fd)?.ip : undefined)),
    own(`fd.${letter}ip.name`, 'host', (fd) => (isInternet(fd) ? end(fd)?.ip : undefined)),
    own(`fd.${letter}port`, 'number', (fd) => (isInternet(fd) ? end(fd)?.port : undefined)),
    own(`fd.${letter}net`, 'net', (fd) => (isInternet(fd) ? end(fd)?.ip : undefined), { only: 'condition' }),
    own(`fd.${letter}proto`, 'string', (fd) => (end(fd) === undefined ? undefined : serviceName(end(fd)?.port ?? 0))),
  ]),
  own('fd.l4proto', 'string', (fd) => (isInternet(fd) ? (fd.protocol ?? '<NA>') : undefined)),
  own('fd.sockfamily', 'string', (fd) => (isInternet(fd) ? 'ip' : fd.kind === 'unix' ? 'unix' : undefined)),
  own('fd.is_server', 'boolean', (fd) => (isInternet(fd) ? fd.role === 'server' || (fd.remote === undefined && fd.local !== undefined) : fd.kind === 'unix' ? fd.role === 'server' : undefined)),
  own('fd.uid', 'string', (fd, event) => `${event.tid}${fd.num}`),
  own('fd.containername', 'string', (_fd, event) => each(first(fileNames(event)), (name) => `${event.process.container.id}:${name}`)),
  own('fd.containerdirectory', 'string', (fd, event) => (isFile(fd) ? each(first(fileNames(event)), (name) => `${event.process.container.id}:${directoryOf(name)}`) : undefined)),
  own('fd.connected', 'boolean', (fd) => (isInternet(fd) ? (fd.connected ?? fd.remote !== undefined) : undefined)),
  own('fd.name_changed', 'boolean', (fd) => fd.nameChanged ?? false),
  own('fd.dev', 'number', (fd) => fd.dev, noDevice),
  own('fd.dev.major', 'number', (fd) => (fd.dev === undefined ? undefined : major(fd.dev)), noDevice),
  own('fd.dev.minor', 'number', (fd) => (fd.dev === undefined ? undefined : minor(fd.dev)), noDevice),
  own('fd.ino', 'number', (fd) => fd.ino),
  own('fd.is_upper_layer', 'boolean', (fd) => (fd.layer === undefined ? undefined : fd.layer === 'upper'), { unfilled: 'the layer is recorded of executed files only (proc.is_exe_upper_layer)' }),
  own('fd.is_lower_layer', 'boolean', (fd) => (fd.layer === undefined ? undefined : fd.layer === 'lower'), { unfilled: 'the layer is recorded of executed files only (proc.is_exe_upper_layer)' }),
  typesField(),
];

function first(value: FieldValue): FieldValue {
  return Array.isArray(value) ? (value as readonly string[])[0] : value;
}
