import { eventTypeByName } from '@palisade/syscall-rules/event-types/table';
import { syscalls } from './decode.gen.ts';
import { callOf } from './event/call-table.ts';

/** Falco's names of the events the sensor can record: its syscalls, the scheduler's own, names asked, and containers started. */
export const recordedTypes: ReadonlySet<string> = new Set([...syscalls.map((syscall) => syscall.name), 'execve', 'execveat', 'clone', 'clone3', 'fork', 'vfork', 'procexit', 'umount2', 'dns', 'container']);

/** Of an exec, a clone, an end: what nobody reads from the process. */
const unread: ReadonlySet<string> = new Set(['fdlimit', 'pgft_maj', 'pgft_min', 'vm_size', 'vm_rss', 'vm_swap', 'cgroups', 'pidns_init_start_ts', 'reaper_tid']);

/** Falco's names of the arguments that a live event of a recorded type has. */
export function recordedArguments(type: string): ReadonlySet<string> {
  const known = eventTypeByName.get(type);
  const call = callOf.find((one) => one !== undefined && one.type === known?.id);
  if (call === undefined) return new Set(known?.parameters.map(({ name }) => name).filter((name) => !unread.has(name)));
  // What an event is about, a descriptor, gives its number, its peer and its path.
  return new Set([...call.places.keys(), 'res', ...(call.subject === undefined ? [] : ['fd', 'tuple', 'addr', 'path'])]);
}
