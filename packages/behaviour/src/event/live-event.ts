import type { ArgValue, Endpoint, Event, Fd, Process } from '@palisade/syscall-rules/event';
import { eventTypeByName } from '@palisade/syscall-rules/event-types/table';
import type { SensorRecord } from '../decode.ts';
import { bytesOf, emptyRecord, fieldAt, sameBytes, socketOf, textOf } from '../decode.ts';
import { kinds, tags } from '../decode.gen.ts';
import { fileFd, socketFd } from '../descriptor/fd-of.ts';
import { parseSocketAddress } from '../descriptor/sockaddr.ts';
import type { Sockets } from '../descriptor/sockets.ts';
import { parseDns, questionArguments } from '../dns/message.ts';
import { absolutePath } from './absolute.ts';
import type { Call } from './call-table.ts';
import { callOf } from './call-table.ts';
import { createPathTexts } from './path-texts.ts';

const typeId = (name: string): number => eventTypeByName.get(name)?.id ?? 0;
const execve = typeId('execve');
const execveat = typeId('execveat');
const clone = typeId('clone');
const procexit = typeId('procexit');
const dns = typeId('dns');
const container = typeId('container');
const directoryFlag = 0x10000;
const slash = 0x2f;
const paths = createPathTexts();

/** A record as the rules see it: reused for the next, everything that takes work computed when asked for. */
export class LiveEvent implements Event {
  num = 0;
  type = 0;
  time = 0;
  cpu = 0;
  tid = 0;
  vtid = 0;
  process: Process;
  result: number | undefined = undefined;
  private call: Call | undefined = undefined;
  private record: SensorRecord = emptyRecord();
  private fdKnown = false;
  /** The last path argument asked for: rules ask for the same one again and again. */
  private textIndex = -1;
  private textValue: string | undefined = undefined;
  private pathIndex = -1;
  private pathValue: string | undefined = undefined;
  private fdValue: Fd | undefined = undefined;
  /** Arguments of what is no syscall: a name asked, a container started. */
  private told: Readonly<Record<string, ArgValue>> | undefined = undefined;
  private readonly sockets: Sockets;

  constructor(process: Process, sockets: Sockets) {
    this.process = process;
    this.sockets = sockets;
  }

  /** Takes the next record. False: it is no event of the rule language (an answer of DNS, a status …). */
  take(record: SensorRecord, process: Process): boolean {
    const { header } = record;
    this.call = undefined;
    this.told = undefined;
    switch (header.kind) {
      case kinds.exec:
        this.type = textOf(record, tags.script)?.startsWith('/dev/fd/') === true ? execveat : execve;
        this.result = 0;
        break;
      case kinds.fork:
        this.type = clone;
        this.result = 0;
        break;
      case kinds.exit:
        this.type = procexit;
        this.result = undefined;
        break;
      case kinds.dns: {
        const bytes = header.arg0 === 0 ? bytesOf(record, tags.dns) : undefined;
        const message = bytes === undefined ? undefined : parseDns(bytes);
        if (message === undefined || message.answer) return false;
        this.type = dns;
        this.result = undefined;
        this.told = questionArguments(message);
        break;
      }
      default: {
        const call = callOf[header.kind];
        if (call === undefined) return false;
        this.call = call;
        this.type = call.type;
        this.result = header.result;
      }
    }
    this.begin(record, process, header.time);
    this.cpu = header.cpu;
    this.tid = header.tid;
    this.vtid = header.vtid;
    return true;
  }

  /** A container has started: Falco's event of that name. `time`: ns on the records' clock. */
  takeStart(process: Process, time: number): void {
    this.type = container;
    this.call = undefined;
    this.told = { json: JSON.stringify({ container: { id: process.container.id, name: process.container.name, image: process.container.image } }) };
    this.result = undefined;
    this.begin(emptyRecord(), process, time);
    this.cpu = 0;
    this.tid = process.pid;
    this.vtid = process.vpid;
  }

  private begin(record: SensorRecord, process: Process, time: number): void {
    this.num += 1;
    this.record = record;
    this.process = process;
    this.time = time;
    this.fdKnown = false;
    this.textIndex = -1;
    this.pathIndex = -1;
  }

  get fd(): Fd | undefined {
    if (!this.fdKnown) {
      this.fdValue = this.call === undefined ? undefined : this.descriptor(this.call);
      this.fdKnown = true;
    }
    return this.fdValue;
  }

  private descriptor(call: Call): Fd | undefined {
    const { subject } = call;
    if (subject === undefined) return undefined;
    const { record } = this;
    const result = this.result ?? 0;
    if (subject.from === 'result' && result < 0) return undefined;
    const num = subject.from === 'result' ? result : this.number(subject.index) | 0;
    const socket = socketOf(record, subject.from === 'result' ? tags.returnSocket : tags.socket + subject.index);
    if (socket !== undefined) return socketFd(num, socket, this.sockets.get(socket.ino), socket.remotePort === 0 ? this.givenAddress(call) : undefined);
    const path = subject.from === 'result' ? this.opened(call) : textOf(record, tags.file + subject.index);
    return path === undefined ? undefined : fileFd(num, path, call.flagsAt >= 0 && (this.number(call.flagsAt) & directoryFlag) !== 0);
  }

  private givenAddress(call: Call): Endpoint | undefined {
    if (call.addressAt < 0) return undefined;
    const bytes = bytesOf(this.record, tags.arg + call.addressAt);
    const address = bytes === undefined ? undefined : parseSocketAddress(bytes);
    return address?.family === 'inet' ? address.endpoint : undefined;
  }

  private number(index: number): number {
    const { header } = this.record;
    switch (index) {
      case 0: return header.arg0;
      case 1: return header.arg1;
      case 2: return header.arg2;
      case 3: return header.arg3;
      case 4: return header.arg4;
      default: return header.arg5;
    }
  }

  arg(name: string): ArgValue | undefined {
    const { call, told } = this;
    if (told !== undefined) return told[name];
    if (call === undefined) return this.type === procexit ? exitArgument(name, this.record.header.result) : undefined;
    const place = call.places.get(name);
    if (place === undefined) return undefined;
    switch (place.from) {
      case 'number': return this.number(place.index);
      case 'signed': return this.number(place.index) | 0;
      case 'text':
      case 'path': return this.text(place.index);
      case 'address': return undefined;
    }
  }

  path(name: string): string | undefined {
    const place = this.call?.places.get(name);
    if (place?.from !== 'path') return this.type !== execve && name === 'path' ? this.fd?.path : undefined;
    if (this.pathIndex !== place.index) {
      this.pathIndex = place.index;
      this.pathValue = this.absolute(place.index);
    }
    return this.pathValue;
  }

  private absolute(index: number): string | undefined {
    const { record } = this;
    const field = fieldAt(record, tags.arg + index);
    if (field < 0) return undefined;
    if ((record.lengths[field] as number) > 0 && record.view.getUint8(record.starts[field] as number) === slash) return paths.absolute(record, field);
    return absolutePath(textOf(record, tags.base + index) ?? this.process.cwd, paths.text(record, field));
  }

  private text(index: number): string | undefined {
    if (this.textIndex !== index) {
      const field = fieldAt(this.record, tags.arg + index);
      this.textIndex = index;
      this.textValue = field < 0 ? undefined : paths.text(this.record, field);
    }
    return this.textValue;
  }

  // Mostly the file is the one that was asked for: then its name is read once and is one string.
  private opened(call: Call): string | undefined {
    const { record } = this;
    const found = fieldAt(record, tags.returnFile);
    if (found < 0) return undefined;
    const asked = call.pathAt < 0 ? -1 : fieldAt(record, tags.arg + call.pathAt);
    return asked >= 0 && sameBytes(record, asked, found) ? this.text(call.pathAt) : paths.text(record, found);
  }
}

/** Wait status of an ended process. */
function exitArgument(name: string, status: number): number | undefined {
  switch (name) {
    case 'status': return status;
    case 'ret': return (status >> 8) & 0xff;
    case 'sig': return status & 0x7f;
    case 'core': return (status & 0x80) === 0 ? 0 : 1;
    default: return undefined;
  }
}
