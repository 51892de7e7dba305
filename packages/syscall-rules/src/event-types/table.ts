import { genericSyscalls } from './generic.ts';
import { shapes } from './shapes.ts';

/** `kind`: see shapes.ts; `base` is the argument holding the directory that a relative path starts from. */
export type Parameter = { readonly name: string; readonly kind: string; readonly base: string | undefined };

export type EventType = {
  readonly id: number;
  readonly name: string;
  /** Falco's evt.category. */
  readonly category: string;
  /** False for events that are no syscalls (procexit, container, switch …): syscall.type is unset for them. */
  readonly syscall: boolean;
  readonly parameters: readonly Parameter[];
};

const notSyscalls = new Set(['procexit', 'container', 'signaldeliver', 'switch', 'drop', 'procinfo', 'scapevent', 'page_fault', 'tracer', 'notification', 'pluginevent', 'cpu_hotplug', 'infra', 'syscall', 'asyncevent', 'usergroup', 'dns']);

function parse(shape: string, id: number): EventType {
  const [category = '', name = '', ...rest] = shape.split(' ');
  const parameters = rest.map((text): Parameter => {
    const [parameter = '', kind = ''] = text.split(':');
    // A path's kind names its directory argument, so it may begin like a flag table's name does.
    if (!kind.startsWith('p') || kind === 'prot' || kind === 'ptrace' || kind === 'prctl') return { name: parameter, kind, base: undefined };
    return { name: parameter, kind: 'p', base: kind === 'p' ? undefined : kind.slice(1) };
  });
  return { id, name, category, syscall: !notSyscalls.has(name), parameters };
}

const known = shapes.map(parse);
const names = new Set(known.map((type) => type.name));
const generic = [...new Set(genericSyscalls)]
  .filter((name) => !names.has(name))
  .map((name, index): EventType => ({ id: known.length + index, name, category: 'other', syscall: true, parameters: [{ name: 'res', kind: 'r', base: undefined }] }));

/** Every event type Falco's syscall source knows, by id. */
export const eventTypes: readonly EventType[] = [...known, ...generic];

export const eventTypeByName: ReadonlyMap<string, EventType> = new Map(eventTypes.map((type) => [type.name, type]));

/** Argument names that at least one event has: evt.arg.X with another X can never be true and is refused. */
export const argumentNames: ReadonlySet<string> = new Set(eventTypes.flatMap((type) => type.parameters.map((parameter) => parameter.name)));

/** Events whose buffers are read from, or written to, a descriptor (evt.is_io_read, evt.is_io_write). */
export const readsFd: ReadonlySet<string> = new Set(eventTypes.filter((type) => type.category === 'IO-read' || type.name === 'copy_file_range').map((type) => type.name));
export const writesFd: ReadonlySet<string> = new Set(eventTypes.filter((type) => type.category === 'IO-write' || type.name === 'copy_file_range').map((type) => type.name));
