import { eventTypeByName } from '@palisade/syscall-rules/event-types/table';
import { firstSyscall, syscalls } from '../decode.gen.ts';

/** Where an argument of a recorded call is found. `base`: the path argument's number, for its directory. */
export type ArgumentPlace = { readonly from: 'number' | 'signed' | 'text' | 'path' | 'address'; readonly index: number };

/** What the descriptor of an event is: the call's result, an argument, or none. */
export type Subject = { readonly from: 'result' | 'argument'; readonly index: number } | undefined;

export type Call = {
  readonly name: string;
  /** Id in syscall-rules' event types. */
  readonly type: number;
  readonly places: ReadonlyMap<string, ArgumentPlace>;
  readonly subject: Subject;
  readonly flagsAt: number;
  /** The first path argument; below zero: none is. */
  readonly pathAt: number;
  /** The argument that names a peer; below zero: none does. */
  readonly addressAt: number;
};

// Falco's names where they are not the kernel's.
const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  dup: { fd: 'oldfd' },
  openat2: { how: 'flags' },
  init_module: { image: 'img' },
  open_by_handle_at: { mountdirfd: 'mountfd' },
  sendto: { data: '' },
  splice: { len: 'size' },
  pidfd_getfd: { pidfd: 'pid_fd' },
  sendmsg: { msg: '' },
  sendmmsg: { msg: '' },
  recvfrom: { data: '', addr: '' },
  recvmsg: { msg: '' },
  recvmmsg: { msg: '' },
  bind: { addr: '' },
  connect: { addr: '' },
  bpf: { attr: '', size: '' },
  accept: { fd: '', addr: '' },
  accept4: { fd: '', addr: '' },
};
/** umount2 is the call, umount its tracepoint's name. */
const typeNames: Readonly<Record<string, string>> = { umount: 'umount2' };
/** Descriptors and pids are 32 bits with a sign. */
const signed = /^(?:\w*fd|\w*dir|pid|tid|cpu|dfd|from_dfd|to_dfd|fd_in|fd_out)$/;

function describe(shape: (typeof syscalls)[number]): Call | undefined {
  const type = eventTypeByName.get(typeNames[shape.name] ?? shape.name);
  if (type === undefined) return undefined;
  const places = new Map<string, ArgumentPlace>();
  shape.args.forEach(([name, kind], index) => {
    const shown = renamed[shape.name]?.[name] ?? name;
    if (shown === '') return;
    const from = kind === 's' ? 'text' : kind.startsWith('p') ? 'path' : kind.startsWith('a') ? 'address' : signed.test(name) ? 'signed' : 'number';
    places.set(shown, { from, index });
  });
  // Of several descriptors the first: a splice is about what it reads from.
  const descriptor = shape.args.findIndex(([, kind]) => kind === 'f');
  const subject: Subject = shape.returnsFd ? { from: 'result', index: 0 } : descriptor < 0 ? undefined : { from: 'argument', index: descriptor };
  return { name: shape.name, type: type.id, places, subject, flagsAt: shape.args.findIndex(([name]) => name === 'flags' || name === 'how'), pathAt: shape.args.findIndex(([, kind]) => kind.startsWith('p')), addressAt: shape.name === 'bind' ? -1 : shape.args.findIndex(([, kind]) => kind.startsWith('a') || kind === 'm') };
}

/** By the record's kind; undefined for a call Falco's language has no event for. */
export const callOf: readonly (Call | undefined)[] = [...Array.from({ length: firstSyscall }, () => undefined), ...syscalls.map(describe)];
