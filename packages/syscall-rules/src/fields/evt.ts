import type { Event } from '../event.ts';
import { errnoName } from '../event-types/errno.ts';
import { argumentNames, eventTypeByName, eventTypes, readsFd, writesFd } from '../event-types/table.ts';
import { allArguments, argumentAt, argumentGetter, rawArgument } from './argument.ts';
import { clockText, dateText, isoText, wallClock } from './clock.ts';
import type { FieldDefinition, FieldType, FieldValue } from './field.ts';
import { field } from './field.ts';
import { fsPathFields } from './fs-path.ts';

const nameOf = (event: Event): string => eventTypes[event.type]?.name ?? '<NA>';
const flag = (names: ReadonlySet<string>): readonly boolean[] => eventTypes.map((type) => names.has(type.name));
const reads = flag(readsFd);
const writes = flag(writesFd);
const waits = flag(new Set(['epoll_wait', 'poll', 'ppoll', 'select', 'nanosleep', 'futex']));
const openTypes = flag(new Set(['open', 'openat', 'openat2', 'open_by_handle_at']));
const creat = eventTypeByName.get('creat')?.id;
const category = (wanted: string): readonly boolean[] => eventTypes.map((type) => type.category === wanted);
const inFile = category('file');
const inNet = category('net');
const inMemory = category('memory');

const failed = (event: Event): boolean => (event.result ?? 0) < 0;
const one = (when: (event: Event) => boolean) => (event: Event): FieldValue => (when(event) ? 1 : undefined);

/** Open flags: the kernel's number, or their names where a trace gives those. */
function opened(event: Event, test: (flags: number, mode: number) => boolean, create: boolean): boolean {
  if (event.type === creat) return create;
  if (openTypes[event.type] !== true) return false;
  const flags = event.arg('flags');
  return test(typeof flags === 'number' ? flags : openBits(flags), modeOf(event));
}

function modeOf(event: Event): number {
  const mode = event.arg('mode');
  return typeof mode === 'number' ? mode : Number.parseInt(mode ?? '0', 8);
}

function openBits(flags: string | undefined): number {
  if (flags === undefined) return 0;
  const names = flags.split('|');
  return (names.includes('O_RDWR') ? 2 : names.includes('O_WRONLY') ? 1 : 0) + (names.includes('O_CREAT') ? 0x40 : 0) + (names.includes('O_TMPFILE') ? 0x410000 : 0);
}

const creates = (flags: number): boolean => (flags & 0x40) !== 0 || (flags & 0x410000) === 0x410000;

function bufferLength(when: (event: Event) => boolean) {
  return (event: Event): FieldValue => (event.result !== undefined && event.result >= 0 && when(event) ? event.result : undefined);
}

function argumentField(name: 'evt.arg' | 'evt.rawarg'): FieldDefinition {
  return {
    name,
    type: 'string',
    argument: 'dotted',
    typeOf: (argument): FieldType => (name === 'evt.rawarg' && argument !== undefined && isNumeric(argument) ? 'number' : 'string'),
    bind(argument, context) {
      if (argument === undefined) throw new Error(`${name} needs the argument's name, such as ${name}.flags`);
      if (name === 'evt.arg' && /^\d+$/.test(argument)) return argumentAt(Number(argument), context);
      if (!argumentNames.has(argument)) throw new Error(`no event has an argument "${argument}"`);
      if (name === 'evt.rawarg') {
        if (isNumeric(argument)) return (event) => rawArgument(event, argument);
        // A text for some events and a number for others (dev) is compared as text: a number never equals one.
        return (event) => {
          const value = rawArgument(event, argument);
          return value === undefined ? undefined : String(value);
        };
      }
      return argumentGetter(argument, context);
    },
  };
}

function isNumeric(argument: string): boolean {
  const kinds = eventTypes.flatMap((type) => type.parameters.filter((parameter) => parameter.name === argument).map((parameter) => parameter.kind));
  return kinds.length > 0 && kinds.every((kind) => kind !== 's' && kind !== 'p');
}

// The one path of a call, its first (src) or second (dst) one: what fs.path.* later made uniform.
function absolutePath(): FieldDefinition {
  const get = (name: string, context: Parameters<FieldDefinition['bind']>[1]) => fsPathFields.find((definition) => definition.name === name)?.bind(undefined, context) ?? (() => undefined);
  return {
    name: 'evt.abspath',
    type: 'string',
    argument: 'dotted',
    bind(argument, context) {
      if (argument !== undefined && argument !== 'src' && argument !== 'dst') throw new Error('evt.abspath takes src or dst');
      const [name, source, target] = [get('fs.path.name', context), get('fs.path.source', context), get('fs.path.target', context)];
      if (argument === 'dst') return target;
      return (event) => source(event) ?? name(event);
    },
  };
}

function around(): FieldDefinition {
  return {
    name: 'evt.around',
    type: 'number',
    argument: 'required',
    only: 'condition',
    bind(argument, { source }) {
      if (argument === undefined || !/^\d+$/.test(argument)) throw new Error('evt.around needs a time in ns: evt.around[1404996934793590564]');
      const middle = Number(BigInt(argument) - source.origin);
      return (event) => Math.abs(event.time - middle) / 1e6;
    },
  };
}

const gone = 'there are no enter events since Falco 0.42, so latencies are unknown';
const plugins = 'there are no events of plugins';
const statistics = 'there are no such statistics among the events';
const deltas = 'the time between events is not kept';

/** Falco's evt.* and syscall.type. */
export const evtFields: readonly FieldDefinition[] = [
  field('evt.num', 'number', (event) => event.num),
  field('evt.time', 'string', (event, { source }) => clockText(wallClock(event.time, source.origin), true)),
  field('evt.time.s', 'string', (event, { source }) => clockText(wallClock(event.time, source.origin), false)),
  field('evt.time.iso8601', 'string', (event, { source }) => isoText(wallClock(event.time, source.origin))),
  field('evt.datetime', 'string', (event, { source }) => dateText(wallClock(event.time, source.origin), true)),
  field('evt.datetime.s', 'string', (event, { source }) => dateText(wallClock(event.time, source.origin), false)),
  field('evt.outputtime', 'string', (event, { source }) => clockText(wallClock(event.time, source.origin), true), { only: 'output' }),
  field('evt.rawtime', 'number', (event, { source }) => Number(source.origin) + event.time),
  field('evt.rawtime.s', 'number', (event, { source }) => Number(wallClock(event.time, source.origin) / 1_000_000_000n)),
  field('evt.rawtime.ns', 'number', (event, { source }) => Number(wallClock(event.time, source.origin) % 1_000_000_000n)),
  field('evt.reltime', 'number', (event) => event.time),
  field('evt.reltime.s', 'number', (event) => Math.floor(event.time / 1e9)),
  field('evt.reltime.ns', 'number', (event) => event.time % 1e9),
  ...['evt.latency', 'evt.latency.s', 'evt.latency.ns', 'evt.latency.quantized', 'evt.wait_latency'].map((name) => field(name, 'number', () => undefined, { deprecated: gone })),
  field('evt.latency.human', 'string', () => undefined, { deprecated: gone }),
  ...['evt.deltatime', 'evt.deltatime.s', 'evt.deltatime.ns'].map((name) => field(name, 'number', () => undefined, { unfilled: deltas })),
  field('evt.pluginname', 'string', () => undefined, { unfilled: plugins }),
  field('evt.plugininfo', 'string', () => undefined, { unfilled: plugins }),
  field('evt.source', 'string', () => 'syscall'),
  field('evt.is_async', 'boolean', () => false),
  field('evt.asynctype', 'string', () => undefined, { unfilled: plugins }),
  field('evt.hostname', 'string', (_event, { source }) => source.hostname),
  field('evt.dir', 'string', () => '<', { deprecated: 'there are only ends of calls since Falco 0.42: what is asked of a beginning (">") is decided at the end' }),
  field('evt.type', 'string', nameOf),
  {
    name: 'evt.type.is',
    type: 'number',
    argument: 'dotted',
    bind(argument) {
      const type = eventTypeByName.get(argument ?? '');
      if (type === undefined) throw new Error(`unknown event type "${argument ?? ''}"`);
      return (event) => (event.type === type.id ? 1 : 0);
    },
  },
  field('syscall.type', 'string', (event) => (eventTypes[event.type]?.syscall === true ? nameOf(event) : undefined)),
  field('evt.category', 'string', (event) => eventTypes[event.type]?.category),
  field('evt.cpu', 'number', (event) => event.cpu),
  field('evt.args', 'string', allArguments),
  field('evt.info', 'string', allArguments),
  argumentField('evt.arg'),
  argumentField('evt.rawarg'),
  field('evt.buffer', 'bytes', (event) => event.buffer, { unfilled: 'contents of reads and writes are not recorded' }),
  field('evt.buflen', 'number', bufferLength((event) => reads[event.type] === true || writes[event.type] === true)),
  field('evt.buflen.in', 'number', bufferLength((event) => reads[event.type] === true)),
  field('evt.buflen.out', 'number', bufferLength((event) => writes[event.type] === true)),
  ...(['file', 'net'] as const).flatMap((kind) => {
    const fits = (event: Event): boolean => (kind === 'file' ? event.fd?.kind === 'file' : event.fd?.kind === 'ipv4' || event.fd?.kind === 'ipv6');
    return [
      field(`evt.buflen.${kind}`, 'number', bufferLength((event) => fits(event) && (reads[event.type] === true || writes[event.type] === true))),
      field(`evt.buflen.${kind}.in`, 'number', bufferLength((event) => fits(event) && reads[event.type] === true)),
      field(`evt.buflen.${kind}.out`, 'number', bufferLength((event) => fits(event) && writes[event.type] === true)),
    ];
  }),
  field('evt.res', 'string', (event) => (event.result === undefined ? undefined : event.result < 0 ? errnoName(event.result) : 'SUCCESS')),
  field('evt.rawres', 'number', (event) => event.result),
  field('evt.failed', 'boolean', failed),
  field('evt.is_io', 'boolean', (event) => reads[event.type] === true || writes[event.type] === true),
  field('evt.is_io_read', 'boolean', (event) => reads[event.type] === true),
  field('evt.is_io_write', 'boolean', (event) => writes[event.type] === true),
  field('evt.io_dir', 'string', (event) => (reads[event.type] === true ? 'r' : writes[event.type] === true ? 'w' : undefined)),
  field('evt.is_wait', 'boolean', (event) => waits[event.type] === true),
  field('evt.is_syslog', 'boolean', (event) => writes[event.type] === true && event.fd?.path === '/dev/log'),
  field('evt.count', 'number', () => 1),
  field('evt.count.error', 'number', one(failed)),
  field('evt.count.error.file', 'number', one((event) => failed(event) && inFile[event.type] === true)),
  field('evt.count.error.net', 'number', one((event) => failed(event) && inNet[event.type] === true)),
  field('evt.count.error.memory', 'number', one((event) => failed(event) && inMemory[event.type] === true)),
  field('evt.count.error.other', 'number', one((event) => failed(event) && inFile[event.type] !== true && inNet[event.type] !== true && inMemory[event.type] !== true)),
  field('evt.count.exit', 'number', () => 1),
  field('evt.count.procinfo', 'number', () => undefined, { unfilled: statistics }),
  field('evt.count.threadinfo', 'number', () => undefined, { unfilled: statistics }),
  around(),
  absolutePath(),
  field('evt.is_open_read', 'boolean', (event) => opened(event, (flags) => (flags & 3) === 0 || (flags & 3) === 2, false)),
  field('evt.is_open_write', 'boolean', (event) => opened(event, (flags) => (flags & 3) !== 0, true)),
  field('evt.is_open_exec', 'boolean', (event) => opened(event, (flags, mode) => creates(flags) && (mode & 0o111) !== 0, (modeOf(event) & 0o111) !== 0)),
  field('evt.is_open_create', 'boolean', (event) => opened(event, creates, true) && !failed(event)),
];
