import type { SensorRecord } from '../decode.ts';
import { bytesOf, fieldAt, socketOf } from '../decode.ts';
import { firstSyscall, syscalls, tags } from '../decode.gen.ts';
import { parseSocketAddress } from '../descriptor/sockaddr.ts';
import type { Sockets } from '../descriptor/sockets.ts';

const kindOf = (name: string): number => firstSyscall + syscalls.findIndex((call) => call.name === name);
const connect = kindOf('connect');
const bind = kindOf('bind');
const listen = kindOf('listen');
const accepts: ReadonlySet<number> = new Set([kindOf('accept'), kindOf('accept4')]);

/** Remembers who opened a connection. Asked of every record, so it looks at its kind first. */
export function rememberConnection(record: SensorRecord, sockets: Sockets): void {
  const { kind } = record.header;
  if (kind === connect || kind === bind) {
    const socket = socketOf(record, tags.socket);
    if (socket === undefined) return;
    const path = unixPath(record);
    // A bound UDP socket may still be a client's: only unix sockets get their name here.
    if (kind === connect) sockets.put(socket.ino, { role: 'client', path });
    else if (path !== '') sockets.put(socket.ino, { role: 'server', path });
  } else if (kind === listen) {
    const socket = socketOf(record, tags.socket);
    if (socket !== undefined) sockets.put(socket.ino, { role: 'server', path: sockets.get(socket.ino)?.path ?? '' });
  } else if (accepts.has(kind)) {
    const socket = socketOf(record, tags.returnSocket);
    if (socket !== undefined) sockets.put(socket.ino, { role: 'server', path: '' });
  }
}

function unixPath(record: SensorRecord): string {
  const index = fieldAt(record, tags.arg + 1);
  // Nearly all are internet addresses: those are not copied to find out.
  if (index < 0 || (record.lengths[index] as number) < 2 || record.view.getUint16(record.starts[index] as number, true) !== 1) return '';
  const bytes = bytesOf(record, tags.arg + 1);
  const address = bytes === undefined ? undefined : parseSocketAddress(bytes);
  return address?.family === 'unix' ? address.path : '';
}
