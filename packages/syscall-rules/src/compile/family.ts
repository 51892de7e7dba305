import type { Event } from '../event.ts';
import { eventTypeByName } from '../event-types/table.ts';

/** What was decided of one subject: 0 not yet, 1 false, 2 true. */
export type Memory = { decided: Uint8Array };

/** Fields that are the same whenever their subject is: a command line, a process, an opened path. */
export type Family = {
  readonly name: string;
  readonly fields: ReadonlySet<string>;
  /** Whether events of a type have such a subject. */
  fits(type: number): boolean;
  memoryOf(event: Event): Memory;
  /** Where a condition is remembered; undefined: too many are already. */
  placeOf(text: string): number | undefined;
  readonly size: number;
};

/** Different conditions remembered of one kind of subject. */
const maxPlaces = 4096;
/** Subjects remembered by their text, twice: what was not asked for while as many others were is forgotten. */
const maxSubjects = 4096;

const ofProgram = ['proc.name', 'proc.exe', 'proc.exepath', 'proc.args', 'proc.cmdline', 'proc.exeline', 'proc.cmdnargs', 'proc.cmdlenargs'];
const ofProcess = [
  ...ofProgram, 'proc.pname', 'proc.pexe', 'proc.pexepath', 'proc.pargs', 'proc.pcmdline', 'proc.aname', 'proc.aexe', 'proc.aexepath', 'proc.aargs', 'proc.acmdline', 'proc.env', 'proc.aenv', 'proc.pid', 'proc.vpid',
  'proc.stdin.type', 'proc.stdin.name', 'proc.stdout.type', 'proc.stdout.name', 'proc.stderr.type', 'proc.stderr.name', 'proc.is_exe_upper_layer', 'proc.is_exe_lower_layer', 'proc.is_exe_from_memfd', 'container.id',
];

function places(): Pick<Family, 'placeOf' | 'size'> {
  const known = new Map<string, number>();
  return {
    placeOf(text) {
      let place = known.get(text);
      if (place === undefined && known.size < maxPlaces) known.set(text, (place = known.size));
      return place;
    },
    get size() {
      return known.size;
    },
  };
}

const fresh = (): Memory => ({ decided: new Uint8Array(0) });

/** Memories by text, in two generations: the older one goes when the younger one is full. */
function byText(): (text: string) => Memory {
  let young = new Map<string, Memory>();
  let old = new Map<string, Memory>();
  return (text) => {
    let memory = young.get(text);
    if (memory !== undefined) return memory;
    memory = old.get(text) ?? fresh();
    if (young.size >= maxSubjects) {
      old = young;
      young = new Map();
    }
    young.set(text, memory);
    return memory;
  };
}

function family(name: string, fields: readonly string[], fits: Family['fits'], memoryOf: Family['memoryOf']): Family {
  const known = places();
  return {
    name,
    fields: new Set(fields),
    fits,
    memoryOf,
    placeOf: known.placeOf,
    get size() {
      return known.size;
    },
  };
}

const programs = byText();
const programOf = ({ process }: Event): Memory => ((process.texts ??= {}).program ??= programs(`${process.comm}\0${process.exepath}\0${process.exe}\0${process.args.join('\0')}`));

const opens = new Set(['open', 'openat', 'openat2', 'creat'].map((type) => eventTypeByName.get(type)?.id ?? -1));
const paths = byText();

/** Events are reused, so object and number together say which one it is. */
function perEvent(find: (event: Event) => Memory): (event: Event) => Memory {
  let last: Event | undefined;
  let num = -1;
  let memory = fresh();
  return (event) => {
    if (event.num !== num || event !== last) {
      memory = find(event);
      num = event.num;
      last = event;
    }
    return memory;
  };
}

/** Narrowest first. */
export const families: readonly Family[] = [
  family('program', ofProgram, () => true, programOf),
  family('process', ofProcess, () => true, ({ process }) => ((process.texts ??= {}).asked ??= fresh())),
  // A failed open has no descriptor, and then only the name that was asked for.
  family('path', ['fd.name', 'fd.directory'], (type) => opens.has(type), perEvent((event) => paths(`${event.path('name') ?? ''}\0${event.fd === undefined ? '\0' : `${event.fd.kind}${event.fd.path}`}`))),
];
