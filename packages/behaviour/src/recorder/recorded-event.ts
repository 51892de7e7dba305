import type { SensorRecord } from '../decode.ts';
import { bytesOf, socketOf, stringsOf, syscallName, textOf } from '../decode.ts';
import { kinds, tags } from '../decode.gen.ts';
import { parseDns } from '../dns/message.ts';
import { socketFd } from '../descriptor/fd-of.ts';

/** One event around a detection, as pages show it. `time`: ns since boot. */
export type RecordedEvent = {
  readonly time: number;
  readonly type: string;
  readonly pid: number;
  readonly process: string;
  readonly user: number;
  readonly result?: number;
  /** Executed file, opened file, or old name. */
  readonly path?: string;
  /** New name. */
  readonly target?: string;
  readonly arguments?: readonly string[];
  /** "address:port" of the peer. */
  readonly peer?: string;
  readonly question?: string;
  readonly addresses?: readonly string[];
};

/** Arguments shown of one exec: the whole lies in the alert. */
const maxArguments = 64;

export function recordedEvent(record: SensorRecord): RecordedEvent {
  const { header } = record;
  const common = { time: header.time, pid: header.pid, process: header.comm, user: header.euid };
  switch (header.kind) {
    case kinds.exec:
    case kinds.denied:
      return { ...common, type: header.kind === kinds.exec ? 'exec' : 'exec-denied', path: textOf(record, tags.exe) ?? '', arguments: (stringsOf(record, tags.argv) ?? []).slice(0, maxArguments) };
    case kinds.exit:
      return { ...common, type: 'exit', result: header.result };
    case kinds.dns: {
      const bytes = bytesOf(record, tags.dns);
      const message = bytes === undefined ? undefined : parseDns(bytes);
      return { ...common, type: message?.answer === true ? 'dns-answer' : 'dns-question', ...(message === undefined ? {} : { question: message.question, addresses: message.addresses }) };
    }
    default:
      return { ...common, type: syscallName(header.kind) ?? 'unknown', result: header.result, ...subject(record) };
  }
}

function subject(record: SensorRecord): Pick<RecordedEvent, 'path' | 'target' | 'peer'> {
  const socket = socketOf(record, tags.returnSocket) ?? socketOf(record, tags.socket);
  if (socket !== undefined) {
    const { remote } = socketFd(0, socket, undefined);
    return remote === undefined ? {} : { peer: `${remote.ip}:${remote.port}` };
  }
  const names = [0, 1, 3].map((index) => textOf(record, tags.arg + index)).filter((text) => text !== undefined);
  const path = textOf(record, tags.returnFile) ?? names[0];
  return { ...(path === undefined ? {} : { path }), ...(names[1] === undefined ? {} : { target: names[1] }) };
}
