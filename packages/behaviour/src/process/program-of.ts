import type { Executable, Fd } from '@palisade/syscall-rules/event';
import type { SensorRecord } from '../decode.ts';
import { bytesOf, executedFileOf, socketOf, textOf } from '../decode.ts';
import { flags, tags } from '../decode.gen.ts';
import type { Slot } from '../container/slots.ts';
import { fileFd, socketFd } from '../descriptor/fd-of.ts';
import type { Sockets } from '../descriptor/sockets.ts';
import { Program } from './program.ts';

/** The program an exec or task record describes. `argv` stands in where the record has none (tasks). */
export function programOf(record: SensorRecord, slot: Slot, time: number | undefined, environment: boolean, sockets: Sockets, argv?: string): Program {
  const caps = bytesOf(record, tags.caps);
  const env = environment ? textOf(record, tags.env) : undefined;
  return new Program({
    exepath: pathOf(record),
    script: textOf(record, tags.script),
    executable: executableOf(record, slot),
    stdio: stdioOf(record, sockets),
    slot,
    time,
    capPermitted: caps === undefined || caps.length < 24 ? 0 : readBits(caps, 8),
    capInheritable: caps === undefined || caps.length < 24 ? 0 : readBits(caps, 16),
    argv: textOf(record, tags.argv) ?? argv,
    env,
  });
}

/** As the kernel's own d_path says it: a program whose file is gone ends in " (deleted)". */
function pathOf(record: SensorRecord): string {
  const path = textOf(record, tags.exe) ?? '';
  const set = record.header.flags;
  return (set & flags.deleted) !== 0 && (set & flags.memfd) === 0 && path !== '' && !path.endsWith(' (deleted)') ? `${path} (deleted)` : path;
}

function readBits(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 4294967296 + bytes.readUInt32LE(at);
}

function executableOf(record: SensorRecord, slot: Slot): Executable | undefined {
  const file = executedFileOf(record);
  if (file === undefined) return undefined;
  const set = record.header.flags;
  const upper = (set & flags.upper) !== 0;
  const memfd = (set & flags.memfd) !== 0;
  return {
    ino: file.ino,
    ctime: file.ctime,
    mtime: file.mtime,
    upper,
    // What is neither written nor in memory, in a container, came with the image (or a volume).
    lower: !upper && !memfd && slot.id !== 'host',
    memfd,
    writable: mayWrite(file.mode, file.uid, record.header.euid),
    deleted: (set & flags.deleted) !== 0,
  };
}

// The permission bits alone: whoever has CAP_DAC_OVERRIDE may write everything, as may root.
function mayWrite(mode: number, owner: number, uid: number): boolean {
  return uid === 0 || (owner === uid && (mode & 0o200) !== 0) || (mode & 0o002) !== 0;
}

function stdioOf(record: SensorRecord, sockets: Sockets): readonly (Fd | undefined)[] {
  const result: (Fd | undefined)[] = [undefined, undefined, undefined];
  for (let number = 0; number < 3; number += 1) {
    const socket = socketOf(record, tags.stdio + number);
    if (socket !== undefined) result[number] = socketFd(number, socket, sockets.get(socket.ino));
    else {
      const path = textOf(record, tags.stdioFile + number);
      if (path !== undefined) result[number] = fileFd(number, path, false);
    }
  }
  return result;
}
