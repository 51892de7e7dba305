import { firstSyscall, kinds, recordSize, socketInfoSize, syscalls, tags } from '@palisade/behaviour/decode.gen';

/** Fields of a record: tag and bytes. */
type Field = readonly [tag: number, bytes: Buffer];

type Head = { readonly pid: number; readonly ppid?: number; readonly start?: number; readonly cgroup?: number; readonly container?: string; readonly comm?: string; readonly result?: number; readonly args?: readonly number[]; readonly flags?: number; readonly uid?: number };

/** A record as sensor/record.h lays it out. */
export function makeRecord(kind: number, time: number, head: Head, fields: readonly Field[] = []): Buffer {
  const size = recordSize + fields.reduce((sum, [, bytes]) => sum + 4 + bytes.length, 0);
  const out = Buffer.alloc(size);
  out.writeUInt32LE(size, 0);
  out.writeUInt16LE(kind, 4);
  out.writeUInt16LE(head.flags ?? 0, 6);
  out.writeBigUInt64LE(BigInt(time), 8);
  out.writeBigUInt64LE(BigInt(head.start ?? head.pid * 1000), 16);
  out.writeBigUInt64LE(BigInt(head.cgroup ?? 1), 24);
  out.writeBigInt64LE(BigInt(head.result ?? 0), 32);
  [head.pid, head.pid, head.ppid ?? 1, head.pid, head.pid, head.pid, head.pid, head.uid ?? 0, head.uid ?? 0, 0, 0, 0xffffffff, 0, 0].forEach((value, index) => out.writeUInt32LE(value, 48 + 4 * index));
  (head.args ?? []).forEach((value, index) => out.writeBigInt64LE(BigInt(value), 104 + 8 * index));
  out.write(head.container ?? '', 152, 16, 'latin1');
  out.write(head.comm ?? '', 168, 15, 'latin1');
  let at = recordSize;
  for (const [tag, bytes] of fields) {
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(bytes.length, at + 2);
    bytes.copy(out, at + 4);
    at += 4 + bytes.length;
  }
  return out;
}

export const callKind = (name: string): number => firstSyscall + syscalls.findIndex((call) => call.name === name);

function socket(local: readonly number[], localPort: number, remote: readonly number[], remotePort: number, ino: number): Buffer {
  const bytes = Buffer.alloc(socketInfoSize);
  bytes.writeUInt16LE(2, 0);
  bytes.writeUInt16LE(1, 2);
  bytes.writeUInt16LE(6, 4);
  bytes.writeUInt16LE(1, 6);
  bytes.writeUInt16LE(localPort, 8);
  bytes.writeUInt16LE(remotePort, 10);
  Buffer.from(local).copy(bytes, 16);
  Buffer.from(remote).copy(bytes, 32);
  bytes.writeBigUInt64LE(BigInt(ino), 48);
  return bytes;
}

const paths = ['/usr/lib/x86_64-linux-gnu/libc.so.6', '/etc/ld.so.cache', '/var/lib/app/data/00000001.db', '/proc/self/status', '/usr/share/zoneinfo/UTC', '/tmp/session-1234', '/etc/nginx/nginx.conf', '/var/log/app/access.log', '/etc/passwd', '/home/shop/.cache/index'];

/**
 * A node's ordinary stream: 50 containers of long-lived servers with short-lived helpers. Of 100 records 60 open a file
 * (half of them for writing), 10 connect, 5 accept, 3 rename, 4 dup, 3 setuid, 5 fork, 5 exec, 5 exit. Every fifth path
 * and every command line of a helper was never seen before, the other paths are among 510. Every record carries what
 * the sensor would put in it.
 */
export function ordinaryStream(count: number): Buffer {
  const parts: Buffer[] = [];
  let time = 1_000_000_000;
  let nextPid = 10_000;
  const containers = Array.from({ length: 50 }, (_, index) => ({ id: (0xabc000000000 + index).toString(16), cgroup: 1000 + index, server: 100 + index }));
  const text = (value: string): Buffer => Buffer.from(value);
  for (const { id, cgroup, server } of containers) parts.push(execRecord(time, server, 1, id, cgroup, 'app-server', ['/usr/bin/app-server', '--config', '/etc/app.yaml']));
  const helpers: { readonly pid: number; readonly container: (typeof containers)[number] }[] = [];
  for (let index = 0; parts.length < count; index += 1) {
    time += 20_000;
    const container = containers[index % containers.length] as (typeof containers)[number];
    const turn = (index * 37) % 100;
    const at = { container: container.id, cgroup: container.cgroup };
    const path = index % 5 === 0 ? `/tmp/upload-${index}` : `${paths[(index * 7) % paths.length] as string}${index % 3 === 0 ? '' : `.${index % 500}`}`;
    if (turn < 60) {
      const flags = turn < 30 ? 0x80241 : 0x80000;
      parts.push(makeRecord(callKind('openat'), time, { pid: container.server, comm: 'app-server', result: 7, args: [-100, 0, flags, 0o644], ...at }, [[tags.arg + 1, text(path)], [tags.returnFile, text(path)]]));
    } else if (turn < 70) {
      parts.push(makeRecord(callKind('connect'), time, { pid: container.server, comm: 'app-server', args: [8, 0, 16], ...at }, [[tags.socket, socket([10, 0, 0, 2], 40_000 + (index % 1000), [10, 1, index % 200, 5], 5432, 1000 + (index % 5000))], [tags.arg + 1, Buffer.from([2, 0, 0x15, 0x38, 10, 1, index % 200, 5, 0, 0, 0, 0, 0, 0, 0, 0])]]));
    } else if (turn < 75) {
      parts.push(makeRecord(callKind('accept4'), time, { pid: container.server, comm: 'app-server', result: 9, args: [3], ...at }, [[tags.returnSocket, socket([10, 0, 0, 2], 8080, [10, 2, index % 250, 9], 50_000 + (index % 1000), 9000 + (index % 5000))]]));
    } else if (turn < 78) {
      parts.push(makeRecord(callKind('rename'), time, { pid: container.server, comm: 'app-server', ...at }, [[tags.arg, text(`${path}.new`)], [tags.arg + 1, text(path)]]));
    } else if (turn < 82) {
      parts.push(makeRecord(callKind('dup2'), time, { pid: container.server, comm: 'app-server', result: 12, args: [7, 12], ...at }, [[tags.returnFile, text(path)]]));
    } else if (turn < 85) {
      parts.push(makeRecord(callKind('setuid'), time, { pid: container.server, comm: 'app-server', args: [33], ...at }));
    } else if (turn < 90 || helpers.length === 0) {
      nextPid += 1;
      helpers.push({ pid: nextPid, container });
      parts.push(makeRecord(kinds.fork, time, { pid: nextPid, ppid: container.server, comm: 'app-server', args: [container.server], ...at }));
    } else if (turn < 95) {
      const helper = helpers[helpers.length - 1] as (typeof helpers)[number];
      parts.push(execRecord(time, helper.pid, helper.container.server, helper.container.id, helper.container.cgroup, 'convert', ['convert', `-size`, `${index % 100}x100`, `/tmp/in-${index}.png`, '/tmp/out.png']));
    } else {
      const helper = helpers.shift() as (typeof helpers)[number];
      parts.push(makeRecord(kinds.exit, time, { pid: helper.pid, ppid: helper.container.server, comm: 'convert', container: helper.container.id, cgroup: helper.container.cgroup }));
    }
  }
  return Buffer.concat(parts);
}

function execRecord(time: number, pid: number, ppid: number, container: string, cgroup: number, comm: string, argv: readonly string[]): Buffer {
  const exe = Buffer.from(`/usr/bin/${comm}`);
  return makeRecord(kinds.exec, time, { pid, ppid, container, cgroup, comm }, [
    [tags.container, Buffer.from(container.padEnd(64, '0'))], [tags.caps, Buffer.alloc(40)], [tags.inode, Buffer.alloc(48)], [tags.exe, exe], [tags.cwd, Buffer.from('/')],
    [tags.argv, Buffer.from(`${argv.join('\0')}\0`)], [tags.env, Buffer.from('PATH=/usr/bin:/bin\0HOME=/root\0HOSTNAME=web-1\0')], [tags.script, exe], [tags.stdioFile, Buffer.from('/dev/null')], [tags.stdioFile + 1, Buffer.from('')], [tags.stdioFile + 2, Buffer.from('')],
  ]);
}
