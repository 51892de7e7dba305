import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SensorRecord } from '@palisade/behaviour/decode';
import { bytesOf, socketOf, stringsOf, syscallName, textOf } from '@palisade/behaviour/decode';
import { tags } from '@palisade/behaviour/decode.gen';

const root = path.resolve(import.meta.dirname, '../../..');
export const program = path.join(root, 'sensor/build/warden');
/** Where cgroups of the unified hierarchy lie. */
export const unifiedRoot = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((place) => existsSync(path.join(place, 'cgroup.procs'))) ?? '';

/** A record copied out of the stream, with what tests look at. */
export type Seen = {
  readonly kind: number;
  readonly call: string | undefined;
  readonly pid: number;
  readonly start: number;
  readonly result: number;
  readonly uid: number;
  readonly euid: number;
  readonly caps: number;
  readonly container: string;
  readonly flags: number;
  readonly comm: string;
  readonly args: readonly number[];
  readonly text: readonly (string | undefined)[];
  readonly base: readonly (string | undefined)[];
  readonly file: readonly (string | undefined)[];
  readonly address: Buffer | undefined;
  readonly exe: string | undefined;
  readonly argv: readonly string[] | undefined;
  readonly returned: string | undefined;
  readonly localPort: number | undefined;
  readonly remotePort: number | undefined;
};

export function seenOf(record: SensorRecord): Seen {
  const { header } = record;
  const indices = [0, 1, 2, 3, 4];
  const socket = socketOf(record, tags.returnSocket) ?? socketOf(record, tags.socket) ?? socketOf(record, tags.stdio);
  return {
    kind: header.kind, call: syscallName(header.kind), pid: header.pid, start: header.start, result: header.result, uid: header.uid, euid: header.euid, caps: header.caps, container: header.container, flags: header.flags, comm: header.comm,
    args: [header.arg0, header.arg1, header.arg2, header.arg3, header.arg4, header.arg5],
    text: indices.map((index) => textOf(record, tags.arg + index)), base: indices.map((index) => textOf(record, tags.base + index)), file: indices.map((index) => textOf(record, tags.file + index)),
    address: bytesOf(record, tags.arg + 1) ?? bytesOf(record, tags.arg + 4),
    exe: textOf(record, tags.exe), argv: stringsOf(record, tags.argv), returned: textOf(record, tags.returnFile), localPort: socket?.localPort, remotePort: socket?.remotePort,
  };
}

const mounted = (): boolean => readFileSync('/proc/self/mounts', 'utf8').split('\n').some((line) => line.split(' ')[1] === '/sys/fs/bpf');
const wasMounted = mounted();

/** The host's bpffs, as systemd mounts it. */
export function mountPins(): void {
  if (!mounted()) execFileSync('mount', ['-t', 'bpf', 'bpf', '/sys/fs/bpf']);
}

/** Removes a test's pins, and the bpffs that the warden mounted for them. */
export function unpin(pins: string): void {
  execFileSync(program, ['unpin', pins]);
  if (!wasMounted && mounted()) execFileSync('umount', ['/sys/fs/bpf']);
}

/** Builds the warden where a compiler is present and it is not there yet. */
export function buildWarden(): void {
  if (!existsSync(program)) execFileSync('sh', [path.join(root, 'scripts/build-sensor.sh')]);
}
