import type { Endpoint, Fd, FdKind } from '@palisade/syscall-rules/event';
import type { SocketInfo } from '../decode.gen.ts';
import { addressText, addressTextV4, isMapped, isZero } from './address.ts';

const anonymous: readonly (readonly [start: string, kind: FdKind])[] = [
  ['[eventpoll]', 'eventpoll'], ['[eventfd]', 'event'], ['[timerfd]', 'timerfd'], ['[signalfd]', 'signalfd'], ['[userfaultfd]', 'userfaultfd'], ['[io_uring]', 'io_uring'], ['[pidfd]', 'pidfd'], ['bpf', 'bpf'],
  ['inotify', 'inotify'], ['memfd:', 'memfd'],
];

/** A descriptor that is no socket. What lies in no mount has a bare name: pipes an empty one. */
export function fileFd(num: number, path: string, directory: boolean): Fd {
  if (path.startsWith('/')) return { num, kind: directory ? 'directory' : 'file', path };
  if (path === '') return { num, kind: 'pipe', path };
  return { num, kind: anonymous.find(([start]) => path.startsWith(start))?.[1] ?? 'unknown', path };
}

/** What is remembered of a socket beside what the kernel tells at each record. */
export type SocketMemory = { readonly role: 'client' | 'server'; readonly path: string };

/** Where the addresses of a SocketInfo begin. */
const localAt = 16;
const remoteAt = 32;

const families: Readonly<Record<number, FdKind>> = { 1: 'unix', 2: 'ipv4', 10: 'ipv6', 16: 'netlink', 17: 'packet' };
const protocols: Readonly<Record<number, Fd['protocol']>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp', 255: 'raw' };

/** A socket. `remote` stands in where the kernel's socket has no peer (a failed connect, an unconnected UDP send). */
export function socketFd(num: number, info: SocketInfo, memory: SocketMemory | undefined, remote?: Endpoint): Fd {
  const kind = families[info.family] ?? 'unknown';
  if (kind !== 'ipv4' && kind !== 'ipv6') return { num, kind, path: memory?.path ?? '', role: memory?.role, ino: info.ino };
  const v6 = info.family === 10;
  const localV4 = info.view.getUint32(info.at + localAt, true);
  const remoteV4 = info.view.getUint32(info.at + remoteAt, true);
  const mapped = v6 && (isMapped(info.remote, 0) || isMapped(info.local, 0) || remote?.ip.includes('.') === true);
  // After a refused connect the kernel keeps the peer's address and forgets its port: what was asked for says more.
  const hasPeer = info.remotePort !== 0 || (remote === undefined && (remoteV4 !== 0 || (v6 && !isZero(info.remote, 0, 16))));
  const hasLocal = info.localPort !== 0 || localV4 !== 0 || (v6 && !isZero(info.local, 0, 16));
  return {
    num,
    kind: mapped ? 'ipv4' : kind,
    path: '',
    local: hasLocal ? { ip: v6 ? addressText(info.local, 0, true) : addressTextV4(localV4), port: info.localPort } : undefined,
    remote: hasPeer ? { ip: v6 ? addressText(info.remote, 0, true) : addressTextV4(remoteV4), port: info.remotePort } : remote,
    // SOCK_RAW says more than the protocol it was made for.
    protocol: info.type === 3 ? 'raw' : (protocols[info.protocol] ?? (info.type === 1 ? 'tcp' : info.type === 2 ? 'udp' : 'unknown')),
    role: memory?.role,
    ino: info.ino,
    connected: hasPeer,
    nameChanged: !hasPeer && remote !== undefined,
  };
}
