import type { Event, Process } from '../event.ts';
import { ancestor, eldest, ofAncestors } from './ancestry.ts';
import { ancestorNames, argsText, commandLine, envText, envValue, exeLine } from './command-line.ts';
import type { FieldDefinition, FieldType, FieldValue } from './field.ts';
import { field, indexArgument } from './field.ts';

type OfProcess = (process: Process, event: Event) => FieldValue;

const own = (name: string, type: FieldType, get: OfProcess, extra: Partial<FieldDefinition> = {}) => field(name, type, (event) => get(event.process, event), extra);

/** With [n] the n-th ancestor's, without an index any ancestor's. */
function lineage(name: string, type: FieldType, get: (process: Process) => string | number, all?: (process: Process) => readonly string[]): FieldDefinition {
  return {
    name,
    type,
    argument: 'optional',
    arity: 'any',
    arityOf: (argument) => (argument === undefined ? 'any' : 'none'),
    bind(argument) {
      if (argument === undefined) return (event) => (all === undefined ? (ofAncestors(event.process, get) as string[]) : all(event.process));
      const level = indexArgument(argument, name);
      return (event) => {
        const found = ancestor(event.process, level);
        return found === undefined ? undefined : get(found);
      };
    },
  };
}

const startOf = (process: Process, source: { readonly origin: bigint }): number => Number(source.origin) + process.start;
const sessionLeader = (process: Process) => eldest(process, (a, b) => a.sid === b.sid && a.container === b.container);
const groupLeader = (process: Process) => eldest(process, (a, b) => a.vpgid === b.vpgid && a.container === b.container);
const shells = new Set(['ash', 'bash', 'csh', 'dash', 'fish', 'ksh', 'sh', 'tcsh', 'zsh']);

function loginShell(process: Process): number | undefined {
  let found = shells.has(process.comm) ? process.pid : undefined;
  for (let at = process.parent, steps = 0; at !== undefined && steps < 64; at = at.parent, steps += 1) if (shells.has(at.comm)) found = at.pid;
  return found;
}

const stdioField = (name: string, number: number, part: 'type' | 'name'): FieldDefinition =>
  own(name, 'string', (process) => {
    const fd = process.stdio[number];
    if (fd === undefined) return undefined;
    if (part === 'type') return fd.kind;
    return fd.path;
  });

function environment(name: string, ancestors: boolean): FieldDefinition {
  return {
    name,
    type: 'string',
    argument: 'optional',
    arityOf: (argument) => (ancestors && argument === undefined ? 'any' : 'none'),
    bind(argument) {
      if (argument === undefined) return ancestors ? (event) => ofAncestors(event.process, envText) : (event) => envText(event.process);
      if (ancestors && /^\d+$/.test(argument)) {
        const level = Number(argument);
        return (event) => {
          const found = ancestor(event.process, level);
          return found === undefined ? undefined : envText(found);
        };
      }
      if (!ancestors) return (event) => envValue(event.process, argument);
      return (event) => ofAncestors(event.process, (process) => envValue(process, argument)).find((value) => value !== undefined);
    },
  };
}

/** Falco's class "process" without thread.*. */
export const procFields: readonly FieldDefinition[] = [
  own('proc.exe', 'string', (process) => process.exe),
  own('proc.pexe', 'string', (process) => process.parent?.exe),
  lineage('proc.aexe', 'string', (process) => process.exe),
  own('proc.exepath', 'string', (process) => process.exepath),
  own('proc.pexepath', 'string', (process) => process.parent?.exepath),
  lineage('proc.aexepath', 'string', (process) => process.exepath),
  own('proc.name', 'string', (process) => process.comm),
  own('proc.pname', 'string', (process) => process.parent?.comm),
  lineage('proc.aname', 'string', (process) => process.comm, ancestorNames),
  {
    name: 'proc.args',
    type: 'string',
    argument: 'optional',
    bind(argument) {
      if (argument === undefined) return (event) => argsText(event.process);
      const index = indexArgument(argument, 'proc.args');
      return (event) => event.process.args[index];
    },
  },
  lineage('proc.aargs', 'string', argsText),
  own('proc.pargs', 'string', (process) => (process.parent === undefined ? undefined : argsText(process.parent))),
  own('proc.cmdline', 'string', commandLine),
  own('proc.pcmdline', 'string', (process) => (process.parent === undefined ? undefined : commandLine(process.parent))),
  lineage('proc.acmdline', 'string', commandLine),
  own('proc.cmdnargs', 'number', (process) => process.args.length),
  own('proc.cmdlenargs', 'number', (process) => process.args.reduce((sum, arg) => sum + arg.length, 0)),
  own('proc.exeline', 'string', exeLine),
  environment('proc.env', false),
  environment('proc.aenv', true),
  own('proc.cwd', 'string', (process) => (process.cwd === '' || process.cwd.endsWith('/') ? process.cwd : `${process.cwd}/`)),
  own('proc.loginshellid', 'number', loginShell),
  own('proc.tty', 'number', (process) => process.tty),
  own('proc.pid', 'number', (process) => process.pid),
  own('proc.ppid', 'number', (process) => process.ppid),
  lineage('proc.apid', 'number', (process) => process.pid),
  own('proc.vpid', 'number', (process) => process.vpid),
  own('proc.pvpid', 'number', (process) => process.parent?.vpid),
  own('proc.sid', 'number', (process) => process.vsid),
  own('proc.sname', 'string', (process) => sessionLeader(process).comm),
  own('proc.sid.exe', 'string', (process) => sessionLeader(process).exe),
  own('proc.sid.exepath', 'string', (process) => sessionLeader(process).exepath),
  own('proc.pgid', 'number', (process) => process.pgid),
  own('proc.vpgid', 'number', (process) => process.vpgid),
  own('proc.vpgid.name', 'string', (process) => groupLeader(process).comm),
  own('proc.vpgid.exe', 'string', (process) => groupLeader(process).exe),
  own('proc.vpgid.exepath', 'string', (process) => groupLeader(process).exepath),
  own('proc.pgid.name', 'string', (process) => groupLeader(process).comm),
  own('proc.pgid.exe', 'string', (process) => groupLeader(process).exe),
  own('proc.pgid.exepath', 'string', (process) => groupLeader(process).exepath),
  own('proc.duration', 'number', (process, event) => Math.max(0, event.time - process.start)),
  own('proc.ppid.duration', 'number', (process, event) => (process.parent === undefined ? undefined : Math.max(0, event.time - process.parent.start))),
  field('proc.pid.ts', 'number', (event, { source }) => startOf(event.process, source)),
  field('proc.ppid.ts', 'number', (event, { source }) => (event.process.parent === undefined ? undefined : startOf(event.process.parent, source))),
  own('proc.is_exe_writable', 'boolean', (process) => process.executable?.writable),
  own('proc.is_exe_upper_layer', 'boolean', (process) => process.executable?.upper),
  own('proc.is_exe_lower_layer', 'boolean', (process) => process.executable?.lower),
  own('proc.is_exe_from_memfd', 'boolean', (process) => process.executable?.memfd),
  own('proc.is_sid_leader', 'boolean', (process) => process.vsid === process.vpid),
  own('proc.is_pgid_leader', 'boolean', (process) => process.pgid === process.pid),
  own('proc.is_vpgid_leader', 'boolean', (process) => process.vpgid === process.vpid),
  own('proc.exe_ino', 'number', (process) => process.executable?.ino),
  own('proc.exe_ino.ctime', 'number', (process) => process.executable?.ctime),
  own('proc.exe_ino.mtime', 'number', (process) => process.executable?.mtime),
  field('proc.exe_ino.ctime_duration_proc_start', 'number', (event, { source }) => (event.process.executable === undefined ? undefined : positive(startOf(event.process, source) - event.process.executable.ctime))),
  field('proc.exe_ino.ctime_duration_pidns_start', 'number', (event, { source }) => {
    const { executable, namespaceStart } = event.process;
    return executable === undefined || namespaceStart === undefined ? undefined : positive(executable.ctime - Number(source.origin) - namespaceStart);
  }),
  field('proc.pidns_init_start_ts', 'number', (event, { source }) => (event.process.namespaceStart === undefined ? undefined : Number(source.origin) + event.process.namespaceStart)),
  own('proc.is_container_healthcheck', 'boolean', (process) => process.probe === 'healthcheck', { unfilled: 'the engine is not asked for its health checks' }),
  own('proc.is_container_liveness_probe', 'boolean', (process) => process.probe === 'liveness', { unfilled: 'the engine is not asked for its health checks' }),
  own('proc.is_container_readiness_probe', 'boolean', (process) => process.probe === 'readiness', { unfilled: 'the engine is not asked for its health checks' }),
  own('proc.fdopencount', 'number', (process) => process.fdOpen, { unfilled: 'open descriptors are not counted' }),
  own('proc.fdlimit', 'number', (process) => process.fdLimit, { unfilled: 'limits are not read' }),
  own('proc.fdusage', 'number', (process) => (process.fdOpen === undefined || process.fdLimit === undefined ? undefined : (100 * process.fdOpen) / process.fdLimit), { unfilled: 'open descriptors are not counted' }),
  own('proc.vmsize', 'number', (process) => process.vmSize, { unfilled: 'memory sizes are not read' }),
  own('proc.vmrss', 'number', (process) => process.vmRss, { unfilled: 'memory sizes are not read' }),
  own('proc.vmswap', 'number', (process) => process.vmSwap, { unfilled: 'memory sizes are not read' }),
  own('proc.nthreads', 'number', (process) => process.threads, { unfilled: 'threads are not counted' }),
  own('proc.nchilds', 'number', (process) => (process.threads === undefined ? undefined : process.threads - 1), { unfilled: 'threads are not counted' }),
  stdioField('proc.stdin.type', 0, 'type'),
  stdioField('proc.stdout.type', 1, 'type'),
  stdioField('proc.stderr.type', 2, 'type'),
  stdioField('proc.stdin.name', 0, 'name'),
  stdioField('proc.stdout.name', 1, 'name'),
  stdioField('proc.stderr.name', 2, 'name'),
];

function positive(value: number): number | undefined {
  return value < 0 ? undefined : value;
}
