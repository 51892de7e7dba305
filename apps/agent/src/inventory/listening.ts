import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Container } from '@palisade/model/container';
import { hostProc } from '../host-proc.ts';

export type Listening = NonNullable<Container['listening']>[number];

/** Container id -> its processes, from the control groups of every process. Empty where /proc doesn't tell. */
export function processesByContainer(proc = hostProc): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const name of readdirSync(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const id = /[0-9a-f]{64}/.exec(readOrEmpty(path.join(proc, name, 'cgroup')))?.[0];
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), Number(name)]);
  }
  return found;
}

/** Programs named at most: a container with more is told by its most numerous ones. */
const maxPrograms = 50;

/** The programs that `processes` run, by the kernel's short name, the most numerous first. */
export function programsOf(processes: readonly number[], proc = hostProc): NonNullable<Container['processes']> {
  const counts = new Map<string, number>();
  for (const pid of processes) {
    const name = readOrEmpty(path.join(proc, String(pid), 'comm')).trim();
    if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => ({ name, count })).sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1)).slice(0, maxPrograms);
}

/** What listens in the network namespace of `pid`; `processes` are asked for the names. Throws when the process is gone. */
export function listeningPorts(pid: number, processes: readonly number[], proc = hostProc): Listening[] {
  const owners = socketOwners(processes, proc);
  const answer: Listening[] = [];
  for (const [file, protocol] of [['tcp', 'tcp'], ['tcp6', 'tcp'], ['udp', 'udp'], ['udp6', 'udp']] as const) {
    const text = file.endsWith('6') ? readOrEmpty(path.join(proc, String(pid), 'net', file)) : readFileSync(path.join(proc, String(pid), 'net', file), 'utf8');
    for (const row of text.split('\n').slice(1)) {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = row.trim().split(/\s+/);
      // TCP: state 0A is LISTEN. UDP has no such state: bound and not connected.
      const listens = protocol === 'tcp' ? state === '0A' : state === '07' && /^0+:0000$/.test(remote);
      if (!listens) continue;
      const [address = '', port = ''] = local.split(':');
      const owner = owners.get(inode);
      answer.push({ protocol, address: readAddress(address), port: Number.parseInt(port, 16), ...(owner === undefined ? {} : { process: owner }) });
    }
  }
  return answer;
}

/** The kernel prints addresses as words in the machine's byte order (little-endian on all we run on). */
export function readAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (words.length === 1) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => `${bytes[index * 2] ?? ''}${bytes[index * 2 + 1] ?? ''}`);
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}

function socketOwners(processes: readonly number[], proc: string): Map<string, string> {
  const owners = new Map<string, string>();
  for (const pid of processes) {
    const name = readOrEmpty(path.join(proc, String(pid), 'comm')).trim();
    const folder = path.join(proc, String(pid), 'fd');
    for (const fd of listOrEmpty(folder)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOrEmpty(path.join(folder, fd)))?.[1];
      if (inode !== undefined) owners.set(inode, name);
    }
  }
  return owners;
}

// A process may end between two reads: its part is then simply gone.
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function listOrEmpty(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function linkOrEmpty(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
