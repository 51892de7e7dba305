import type { SensorRecord } from '../decode.ts';
import { textOf } from '../decode.ts';
import type { RecordHeader } from '../decode.gen.ts';
import { flags, kinds, tags } from '../decode.gen.ts';
import type { Slot, Slots } from '../container/slots.ts';
import type { Sockets } from '../descriptor/sockets.ts';
import { LiveProcess } from './live-process.ts';
import { Program } from './program.ts';
import { programOf } from './program-of.ts';

/** What /proc tells of a process whose start was not seen. Undefined members are unknown. */
export type SeenProcess = { readonly argv: string | undefined; readonly exepath: string | undefined; readonly cwd: string | undefined };

export type TreeOptions = {
  readonly slots: Slots;
  readonly sockets: Sockets;
  /** Keep the values of environment variables: only where a loaded rule reads them, since they hold secrets. */
  readonly environment: boolean;
  /** Asked for processes that were running before the sensor or whose start was lost. */
  inspect(pid: number, start: number): SeenProcess | undefined;
};

export type ProcessTree = {
  /** The process a record is about, as it is after the record. */
  follow(record: SensorRecord): LiveProcess;
  /** Takes an ended process out; call it when the exit has been decided. */
  end(process: LiveProcess): void;
  get(pid: number): LiveProcess | undefined;
  /** Drops processes that `alive` does not know: their exits were lost. */
  sweep(alive: (pid: number) => boolean): number;
  /** Processes known only by number: their start was neither seen nor readable. */
  readonly unexplained: number;
  readonly size: number;
};

/** Most processes held, 1 kB each at the most common length of arguments. */
const maxProcesses = 65_536;
/** Ancestors kept of a process; rules look at most this far up. */
const maxDepth = 64;

/** Follows processes from the records of the sensor, by pid and start time. */
export function createProcessTree(options: TreeOptions): ProcessTree {
  const { slots } = options;
  const byPid = new Map<number, LiveProcess>();
  const find = (pid: number): LiveProcess | undefined => byPid.get(pid);
  let unexplained = 0;

  function slotOf(record: SensorRecord): Slot {
    const { header } = record;
    return slots.of(header.cgroup, header.time, () => header.container);
  }

  function put(process: LiveProcess): LiveProcess {
    if (byPid.size >= maxProcesses && !byPid.has(process.pid)) byPid.delete(byPid.keys().next().value as number);
    byPid.set(process.pid, process);
    if (process.depth > 2 * maxDepth) shorten(process);
    return process;
  }

  function forked(record: SensorRecord): LiveProcess {
    const { header } = record;
    // arg0 is who called fork; with CLONE_PARENT the new process's parent is another.
    const maker = byPid.get(header.arg0);
    const parent = header.ppid === header.arg0 ? maker : byPid.get(header.ppid);
    const slot = slotOf(record);
    const program = maker?.program ?? new Program({ exepath: '', slot });
    const process = new LiveProcess(header.pid, header.start, header.vpid, maker !== undefined && header.comm === selfExecuted ? maker.comm : header.comm, program, slot, parent, find);
    process.cwd = maker?.cwd ?? '';
    refresh(process, header);
    return put(process);
  }

  function executed(record: SensorRecord): LiveProcess {
    const { header } = record;
    const before = known(header);
    const slot = slotOf(record);
    const entered = (header.flags & flags.entered) !== 0;
    // A runtime puts its helper into the container's cgroup while the helper executes itself: either may come first.
    const helper = !entered && slot !== slots.host && before?.program.slot === slots.host && before.parent?.slot === slots.host;
    const program = programOf(record, helper ? slots.host : slot, header.time, options.environment, options.sockets);
    // A process keeps the parent it was started by, however it was handed on since; only what a runtime's helper starts
    // in a container has the parent that it has then.
    const entering = before === undefined || before.program.slot !== slot || (entered && before.parent?.slot !== slot);
    const process = new LiveProcess(header.pid, header.start, header.vpid, nameOf(header.comm, program), program, slot, entering ? byPid.get(header.ppid) : before.parent, find);
    process.cwd = textOf(record, tags.cwd) ?? '';
    refresh(process, header);
    return put(process);
  }

  function running(record: SensorRecord): LiveProcess {
    const { header } = record;
    const slot = slotOf(record);
    const seen = options.inspect(header.pid, header.start);
    const program = programOf(record, slot, undefined, options.environment, options.sockets, seen?.argv);
    const process = new LiveProcess(header.pid, header.start, header.vpid, nameOf(header.comm, program), program, slot, byPid.get(header.ppid), find);
    process.cwd = textOf(record, tags.cwd) ?? '';
    refresh(process, header);
    return put(process);
  }

  /** A record of a process whose start was lost: what /proc still tells, or what the record says alone. */
  function discovered(record: SensorRecord): LiveProcess {
    const { header } = record;
    const slot = slotOf(record);
    const seen = options.inspect(header.pid, header.start);
    if (seen === undefined) unexplained += 1;
    const program = new Program({ exepath: seen?.exepath ?? '', slot, argv: seen?.argv });
    const process = new LiveProcess(header.pid, header.start, header.vpid, header.comm, program, slot, byPid.get(header.ppid), find);
    process.cwd = seen?.cwd ?? '';
    refresh(process, header);
    return put(process);
  }

  function known(header: RecordHeader): LiveProcess | undefined {
    const found = byPid.get(header.pid);
    return found !== undefined && found.start === header.start ? found : undefined;
  }

  return {
    follow(record) {
      const { header } = record;
      switch (header.kind) {
        case kinds.exec:
          return executed(record);
        case kinds.fork:
          return forked(record);
        case kinds.task:
          return running(record);
        default: {
          const found = byPid.get(header.pid);
          if (found === undefined || found.start !== header.start) return discovered(record);
          refresh(found, header);
          return found;
        }
      }
    },
    end(process) {
      process.ended = true;
      if (byPid.get(process.pid) === process) byPid.delete(process.pid);
    },
    get: find,
    sweep(alive) {
      let dropped = 0;
      for (const process of byPid.values()) {
        if (alive(process.pid)) continue;
        process.ended = true;
        byPid.delete(process.pid);
        dropped += 1;
      }
      return dropped;
    },
    get unexplained() {
      return unexplained;
    },
    get size() {
      return byPid.size;
    },
  };
}

/** What the kernel calls a process that executed /proc/self/exe. */
const selfExecuted = 'exe';

/**
 * A shell of busybox runs its tools by executing itself: to the kernel all of them are "exe", and only argv[0] tells
 * which it is.
 */
function nameOf(comm: string, program: Program): string {
  if (comm !== selfExecuted || !/\/(?:busybox|toybox)[^/]*$/.test(program.exepath)) return comm;
  const given = program.argv[0] ?? '';
  return given.slice(given.lastIndexOf('/') + 1).slice(0, 15) || comm;
}

/** What may change between two records of one process. Effective ids, as Falco's user.* and group.* mean them. */
function refresh(process: LiveProcess, header: RecordHeader): void {
  // A runtime's helper may still have the host's files as its own.
  if (process.program.slot === process.slot) {
    process.slot.pid = header.pid;
    if (process.vpid === 1) process.slot.init = header.pid;
  }
  process.ppid = header.ppid;
  process.sid = header.sid;
  process.pgid = header.pgid;
  process.uid = header.euid;
  process.gid = header.egid;
  process.loginuid = header.loginuid;
  process.tty = header.tty;
  process.capEffective = header.caps;
}

/**
 * A program that forks and ends for ever would make an endless chain of ended parents: it is cut where all above are
 * gone. Chains of living processes are as long as they are.
 */
function shorten(process: LiveProcess): void {
  let at: LiveProcess = process;
  for (let step = 0; step < maxDepth && at.parent !== undefined; step += 1) at = at.parent;
  if (at.parent?.ended === true) {
    at.parent = undefined;
    process.depth = maxDepth;
  }
}
