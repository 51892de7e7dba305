import type { z } from 'zod';
import type { Container, Fd, Process } from '../event.ts';
import { hostContainer } from '../event.ts';
import { capabilityNames } from '../event-types/flags.ts';
import type { ContainerLine, FdLine, ProcessLine } from './form.ts';

const capabilityBits: ReadonlyMap<string, number> = new Map(Array.from({ length: 41 }, (_, bit) => [capabilityNames(2 ** bit), 2 ** bit]));

function capabilities(value: number | readonly string[] | undefined, before: number): number {
  if (value === undefined) return before;
  if (typeof value === 'number') return value;
  return value.reduce((sum, name) => {
    const bit = capabilityBits.get(name);
    if (bit === undefined) throw new Error(`unknown capability "${name}"`);
    return sum + bit;
  }, 0);
}

export function fdOf(line: z.infer<typeof FdLine>): Fd {
  return line;
}

/** "docker.io/library/nginx:1.27" in its parts, unless the line gives them itself. */
export function containerOf(line: z.infer<typeof ContainerLine>): Container {
  const image = line.image ?? '';
  const [named = ''] = image.split('@');
  const colon = named.lastIndexOf(':');
  const hasTag = colon > named.lastIndexOf('/');
  return {
    ...hostContainer,
    type: 'docker',
    name: line.id,
    ...Object.fromEntries(Object.entries(line).filter(([, value]) => value !== undefined)),
    id: line.id,
    imageRepository: line.imageRepository ?? (hasTag ? named.slice(0, colon) : named),
    imageTag: line.imageTag ?? (hasTag ? named.slice(colon + 1) : image === '' ? '' : 'latest'),
  };
}

/** The process a line describes, upon what was known of that pid before. */
export function processOf(line: z.infer<typeof ProcessLine>, before: Process | undefined, lookup: { process(pid: number): Process | undefined; container(id: string): Container | undefined }, time: number): Process {
  const ppid = line.ppid ?? before?.ppid ?? 0;
  const parent = line.ppid !== undefined || before === undefined ? lookup.process(ppid) : before.parent;
  const container = line.container === undefined ? (before?.container ?? parent?.container ?? hostContainer) : lookup.container(line.container);
  if (container === undefined) throw new Error(`no container "${line.container ?? ''}" was named before`);
  const comm = line.comm ?? (line.exe === undefined ? undefined : (line.exe.split('/').at(-1) ?? '').slice(0, 15)) ?? before?.comm ?? parent?.comm ?? '<NA>';
  return {
    pid: line.pid,
    start: line.start ?? before?.start ?? time,
    ppid,
    vpid: line.vpid ?? before?.vpid ?? line.pid,
    sid: line.sid ?? before?.sid ?? parent?.sid ?? line.pid,
    pgid: line.pgid ?? before?.pgid ?? parent?.pgid ?? line.pid,
    vsid: line.vsid ?? line.sid ?? before?.vsid ?? parent?.vsid ?? line.pid,
    vpgid: line.vpgid ?? line.pgid ?? before?.vpgid ?? parent?.vpgid ?? line.pid,
    comm,
    exe: line.exe ?? (line.comm !== undefined ? line.comm : (before?.exe ?? parent?.exe ?? comm)),
    exepath: line.exepath ?? (line.exe?.startsWith('/') === true ? line.exe : (before?.exepath ?? parent?.exepath ?? '')),
    args: line.args ?? (line.comm !== undefined || line.exe !== undefined ? [] : (before?.args ?? parent?.args ?? [])),
    env: line.env ?? before?.env ?? parent?.env ?? [],
    cwd: line.cwd ?? before?.cwd ?? parent?.cwd ?? '/',
    uid: line.uid ?? before?.uid ?? parent?.uid ?? 0,
    gid: line.gid ?? before?.gid ?? parent?.gid ?? 0,
    loginuid: line.loginuid ?? before?.loginuid ?? parent?.loginuid ?? 4294967295,
    tty: line.tty ?? before?.tty ?? parent?.tty ?? 0,
    capEffective: capabilities(line.capEffective, before?.capEffective ?? parent?.capEffective ?? 0),
    capPermitted: capabilities(line.capPermitted, before?.capPermitted ?? parent?.capPermitted ?? 0),
    capInheritable: capabilities(line.capInheritable, before?.capInheritable ?? parent?.capInheritable ?? 0),
    executable: line.executable ?? (line.exe === undefined && line.exepath === undefined ? (before?.executable ?? parent?.executable) : noExecutable),
    script: line.script,
    stdio: line.stdio?.map((fd) => (fd === null ? undefined : fdOf(fd))) ?? before?.stdio ?? parent?.stdio ?? [],
    parent,
    container,
    user: line.user ?? (line.uid === undefined ? (before?.user ?? parent?.user) : undefined),
    loginuser: line.loginuser ?? before?.loginuser ?? parent?.loginuser,
    group: line.group ?? (line.gid === undefined ? (before?.group ?? parent?.group) : undefined),
    namespaceStart: line.namespaceStart ?? before?.namespaceStart ?? parent?.namespaceStart,
    threads: line.threads ?? before?.threads,
    vmSize: line.vmSize ?? before?.vmSize,
    vmRss: line.vmRss ?? before?.vmRss,
    vmSwap: line.vmSwap ?? before?.vmSwap,
    fdOpen: line.fdOpen ?? before?.fdOpen,
    fdLimit: line.fdLimit ?? before?.fdLimit,
    execTime: line.execTime ?? before?.execTime,
    probe: line.probe ?? before?.probe ?? parent?.probe,
    cgroups: line.cgroups ?? before?.cgroups ?? parent?.cgroups,
  };
}

const noExecutable = { ino: 0, ctime: 0, mtime: 0, upper: false, lower: false, memfd: false, writable: false, deleted: false };
