import type { Container, Event, Memory, Process } from '../event.ts';
import type { FieldNode } from '../condition/ast.ts';
import { eventTypeByName } from '../event-types/table.ts';
import { containerFields } from '../fields/container.ts';
import type { FieldValue } from '../fields/field.ts';
import { hasNamedPath, hasTwoPaths, namedPath, sourcePath, targetPath } from '../fields/fs-path.ts';
import { k8sFields } from '../fields/k8s.ts';
import { oncePerEvent } from '../fields/once-per-event.ts';

/** Fields that are the same whenever their subject is: a command line, a process, an opened path. */
export type Family = {
  readonly name: string;
  reads(field: FieldNode): boolean;
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

const ofName = ['proc.name', 'proc.exepath'];
const ofProgram = [...ofName, 'proc.exe', 'proc.args', 'proc.cmdline', 'proc.exeline', 'proc.cmdnargs', 'proc.cmdlenargs'];
const ofParent = ['proc.pname', 'proc.pexe', 'proc.pexepath', 'proc.pargs', 'proc.pcmdline'];
/** Of any ancestor, or with a number of that one; 0 is the process itself. */
const ofAncestors = ['proc.aname', 'proc.aexe', 'proc.aexepath', 'proc.aargs', 'proc.acmdline'];
const ofProcess = [
  ...ofProgram, ...ofParent, ...ofAncestors, 'proc.env', 'proc.aenv', 'proc.pid', 'proc.vpid', 'proc.stdin.type', 'proc.stdin.name', 'proc.stdout.type', 'proc.stdout.name', 'proc.stderr.type', 'proc.stderr.name',
  'proc.is_exe_upper_layer', 'proc.is_exe_lower_layer', 'proc.is_exe_from_memfd', 'container.id',
];
// All that is told of a container stands in one object, which another replaces when more is known; its age alone depends on the event.
const ofContainer = [...containerFields, ...k8sFields].map(({ name }) => name).filter((name) => name !== 'container.duration');

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

const nothing = new Uint8Array(0);
const fresh = (): Memory => ({ decided: nothing, open: [] });

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

function family(name: string, reads: Family['reads'], fits: Family['fits'], memoryOf: Family['memoryOf']): Family {
  const known = places();
  return {
    name,
    reads,
    fits,
    memoryOf,
    placeOf: known.placeOf,
    get size() {
      return known.size;
    },
  };
}

function oneOf(names: readonly string[]): Family['reads'] {
  const known = new Set(names);
  return (field) => known.has(field.name);
}

const names = byText();
const nameOf = ({ process }: Event): Memory => ((process.texts ??= {}).name ??= names(`${process.comm}\0${process.exepath}`));

const programs = byText();
const programOf = ({ process }: Event): Memory => ((process.texts ??= {}).program ??= programs(`${process.comm}\0${process.exepath}\0${process.argvText ?? `${process.exe}\0${process.args.join('\0')}`}`));

const parents = new Set(ofParent);
const ancestors = new Set(ofAncestors);
const orphans = fresh();
const lineageOf = (parent: Process | undefined): Memory => (parent === undefined ? orphans : ((parent.texts ??= {}).lineage ??= fresh()));

const containers = new WeakMap<Container, Memory>();
function containerOf({ process }: Event): Memory {
  let memory = containers.get(process.container);
  if (memory === undefined) containers.set(process.container, (memory = fresh()));
  return memory;
}

/** What is remembered of a process, and of the container it is in as that is described now. */
export function processMemory(one: Process): Memory {
  const texts = (one.texts ??= {});
  const { container: within } = one;
  if (texts.asked?.within !== within) texts.asked = { decided: nothing, open: [], within };
  return texts.asked;
}

const opens = new Set(['open', 'openat', 'openat2', 'creat'].map((type) => eventTypeByName.get(type)?.id ?? -1));
const paths = byText();
function pathOf(event: Event): Memory {
  const asked = event.path('name') ?? '';
  const { fd } = event;
  // Nearly always the file that was asked for: its name is the key, and no text is put together. A name holds no NUL.
  if (fd !== undefined && fd.kind === 'file' && fd.path === asked) return paths(asked);
  return paths(`${asked}\0${fd === undefined ? '\0' : `${fd.kind}${fd.path}`}`);
}

const always = (): boolean => true;

/** What a program is called: few names serve all the processes of a node. */
export const name = family('name', oneOf(ofName), always, nameOf);
/** A whole command line. */
export const program = family('program', oneOf(ofProgram), always, programOf);
/** The processes above: all that one parent starts have the same. */
export const lineage = family('lineage', ({ name: field, argument }) => parents.has(field) || (ancestors.has(field) && argument !== '0'), always, (event) => lineageOf(event.process.parent));
export const container = family('container', oneOf(ofContainer), always, containerOf);
export const process = family('process', oneOf(ofProcess), always, ({ process: one }) => processMemory(one));
/** A failed open has no descriptor, and then only the name that was asked for. */
const path = family('path', oneOf(['fd.name', 'fd.directory', 'fd.filename', 'fd.type', 'fd.typechar']), (type) => opens.has(type), oncePerEvent(pathOf));

const byPathOf = (get: (event: Event) => FieldValue): Family['memoryOf'] => {
  const known = byText();
  const nowhere = fresh();
  return oncePerEvent((event) => ((text) => (text === undefined ? nowhere : known(text as string)))(get(event)));
};
const named = family('named', oneOf(['fs.path.name']), (type) => hasNamedPath(type) && !opens.has(type), byPathOf(namedPath));
const source = family('source', oneOf(['fs.path.source']), hasTwoPaths, byPathOf(sourcePath));
const target = family('target', oneOf(['fs.path.target']), hasTwoPaths, byPathOf(targetPath));

/** What an event is about beside its process. */
export const objects: readonly Family[] = [path, named, source, target];

/** Narrowest first. */
export const families: readonly Family[] = [name, lineage, container, program, process, ...objects];
