import { capabilityNames } from '../event-types/flags.ts';
import type { FieldDefinition } from './field.ts';
import { field } from './field.ts';

const cpu = 'processor time is not sampled';

// The same process asks for the same set again and again: 2^41 sets exist, a node has a handful.
const setNames = new Map<number, string>();
function capabilities(bits: number): string {
  let text = setNames.get(bits);
  if (text === undefined) {
    text = capabilityNames(bits);
    if (setNames.size < 10_000) setNames.set(bits, text);
  }
  return text;
}

/** Falco's thread.*. */
export const threadFields: readonly FieldDefinition[] = [
  field('thread.tid', 'number', (event) => event.tid),
  field('thread.vtid', 'number', (event) => event.vtid),
  field('thread.ismain', 'boolean', (event) => event.tid === event.process.pid),
  field('thread.nametid', 'string', (event) => `${event.process.comm}${event.tid}`),
  field('thread.cap_permitted', 'string', (event) => capabilities(event.process.capPermitted)),
  field('thread.cap_inheritable', 'string', (event) => capabilities(event.process.capInheritable)),
  field('thread.cap_effective', 'string', (event) => capabilities(event.process.capEffective)),
  field('thread.pfmajor', 'number', () => undefined, { unfilled: 'page faults are not counted' }),
  field('thread.pfminor', 'number', () => undefined, { unfilled: 'page faults are not counted' }),
  field('thread.exectime', 'number', () => undefined, { unfilled: cpu }),
  field('thread.totexectime', 'number', () => undefined, { unfilled: cpu }),
  field('thread.cpu', 'number', () => undefined, { unfilled: cpu }),
  field('thread.cpu.user', 'number', () => undefined, { unfilled: cpu }),
  field('thread.cpu.system', 'number', () => undefined, { unfilled: cpu }),
  field('thread.vmsize', 'number', (event) => event.process.vmSize, { unfilled: 'memory sizes are not read' }),
  field('thread.vmrss', 'number', (event) => event.process.vmRss, { unfilled: 'memory sizes are not read' }),
  field('thread.vmsize.b', 'number', (event) => (event.process.vmSize === undefined ? undefined : event.process.vmSize * 1024), { unfilled: 'memory sizes are not read' }),
  field('thread.vmrss.b', 'number', (event) => (event.process.vmRss === undefined ? undefined : event.process.vmRss * 1024), { unfilled: 'memory sizes are not read' }),
  field('thread.cgroups', 'string', (event) => event.process.cgroups?.join(' '), { unfilled: 'cgroup paths are resolved to containers and not kept' }),
  {
    name: 'thread.cgroup',
    type: 'string',
    argument: 'dotted',
    unfilled: 'cgroup paths are resolved to containers and not kept',
    bind: (argument) => (event) => event.process.cgroups?.find((entry) => entry.startsWith(`${argument ?? ''}=`))?.slice((argument ?? '').length + 1),
  },
];
