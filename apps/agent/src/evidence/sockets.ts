import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

export type OpenSocket = { readonly fd: number; readonly protocol: string; readonly local?: string; readonly remote?: string; readonly state?: string; readonly inode: number };

const states = ['', 'ESTABLISHED', 'SYN_SENT', 'SYN_RECV', 'FIN_WAIT1', 'FIN_WAIT2', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK', 'LISTEN', 'CLOSING', 'NEW_SYN_RECV'] as const;
const most = 4096;

/** The sockets a process holds, with their ends: its descriptors beside the tables of its network namespace. */
export function socketsOf(folder: string): OpenSocket[] {
  const byInode = new Map<number, number>();
  for (const fd of readdirSync(path.join(folder, 'fd')).slice(0, most)) {
    const target = linkTarget(path.join(folder, 'fd', fd));
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) byInode.set(Number(inode), Number(fd));
  }
  const found = new Map<number, OpenSocket>();
  for (const protocol of ['tcp', 'tcp6', 'udp', 'udp6'] as const) {
    for (const line of linesOf(path.join(folder, 'net', protocol))) {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      const fd = byInode.get(Number(inode));
      if (fd !== undefined) found.set(fd, { fd, protocol, local: endpoint(local), remote: endpoint(remote), state: states[Number.parseInt(state, 16)] ?? state, inode: Number(inode) });
    }
  }
  for (const line of linesOf(path.join(folder, 'net/unix'))) {
    const parts = line.trim().split(/\s+/);
    const fd = byInode.get(Number(parts[6]));
    if (fd !== undefined) found.set(fd, { fd, protocol: 'unix', ...(parts[7] === undefined ? {} : { local: parts[7] }), inode: Number(parts[6]) });
  }
  for (const [inode, fd] of byInode) if (!found.has(fd)) found.set(fd, { fd, protocol: 'other', inode });
  return [...found.values()].sort((a, b) => a.fd - b.fd);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(1, most);
  } catch {
    return []; // a namespace without this protocol; its sockets are then told as "other"
  }
}

function linkTarget(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return ''; // closed meanwhile
  }
}

/** "0100007F:1F90" as the kernel prints it (words of the address little-endian) as "127.0.0.1:8080". */
export function endpoint(text: string): string {
  const [address = '', port = ''] = text.split(':');
  const words = (address.match(/.{8}/g) ?? []).map((word) => Buffer.from(word, 'hex').reverse());
  const bytes = Buffer.concat(words);
  const number = Number.parseInt(port, 16);
  if (bytes.length === 4) return `${bytes.join('.')}:${number}`;
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  if (groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff') return `${bytes.subarray(12).join('.')}:${number}`;
  return `[${groups.join(':').replace(/\b0(?::0)+\b/, ':').replace(/:{3,}/, '::')}]:${number}`;
}
