import type { Container, Executable, Fd, Process, ProcessTexts } from '@palisade/syscall-rules/event';
import type { Slot } from '../container/slots.ts';
import type { Program } from './program.ts';

/** Finds the process that has a pid now. */
export type ByPid = (pid: number) => LiveProcess | undefined;

/**
 * A process as of its last exec; a further exec makes a new object, so that children keep the parent they were
 * started by. Users, terminal and the like follow each record.
 */
export class LiveProcess implements Process {
  readonly pid: number;
  readonly start: number;
  readonly vpid: number;
  readonly comm: string;
  readonly program: Program;
  readonly slot: Slot;
  ppid: number;
  sid: number;
  pgid: number;
  uid: number;
  gid: number;
  loginuid: number;
  tty: number;
  capEffective: number;
  cwd: string;
  parent: LiveProcess | undefined;
  texts: ProcessTexts | undefined;
  ended: boolean;
  /** Length of the chain of parents, at most. */
  depth: number;
  private readonly byPid: ByPid;

  constructor(pid: number, start: number, vpid: number, comm: string, program: Program, slot: Slot, parent: LiveProcess | undefined, byPid: ByPid) {
    this.pid = pid;
    this.start = start;
    this.vpid = vpid;
    this.comm = comm;
    this.program = program;
    this.slot = slot;
    this.ppid = 0;
    this.sid = 0;
    this.pgid = 0;
    this.uid = 0;
    this.gid = 0;
    this.loginuid = 4294967295;
    this.tty = 0;
    this.capEffective = 0;
    this.cwd = '';
    this.parent = parent;
    this.texts = undefined;
    this.ended = false;
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.byPid = byPid;
  }

  get exe(): string {
    return this.program.argv[0] ?? this.comm;
  }
  get exepath(): string {
    return this.program.exepath;
  }
  get args(): readonly string[] {
    return this.program.argv.slice(1);
  }
  get argvText(): string | undefined {
    return this.program.argvText;
  }
  get env(): readonly string[] {
    return this.program.env;
  }
  get capPermitted(): number {
    return this.program.capPermitted;
  }
  get capInheritable(): number {
    return this.program.capInheritable;
  }
  get executable(): Executable | undefined {
    return this.program.executable;
  }
  get script(): string | undefined {
    return this.program.script;
  }
  get stdio(): readonly (Fd | undefined)[] {
    return this.program.stdio;
  }
  get container(): Container {
    return this.slot.container;
  }
  get execTime(): number | undefined {
    return this.program.time;
  }

  /** Ids within the pid namespace are told by their leader; one outside of it has none there: 0, as the kernel says. */
  get vsid(): number {
    return this.withinNamespace(this.sid);
  }
  get vpgid(): number {
    return this.withinNamespace(this.pgid);
  }

  private withinNamespace(id: number): number {
    if (id === this.pid) return this.vpid;
    if (this.vpid === this.pid) return id;
    const leader = this.byPid(id);
    return leader !== undefined && leader.slot === this.slot ? leader.vpid : 0;
  }

  get namespaceStart(): number | undefined {
    if (this.vpid === this.pid) return 0;
    if (this.vpid === 1) return this.start;
    for (let at = this.parent, steps = 0; at !== undefined && steps < 64; at = at.parent, steps += 1) if (at.vpid === 1) return at.start;
    return undefined;
  }
}
