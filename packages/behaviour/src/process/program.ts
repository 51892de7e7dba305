import type { Executable, Fd } from '@palisade/syscall-rules/event';
import type { Slot } from '../container/slots.ts';

/** What an exec brought; forks share it with their parent. */
export class Program {
  readonly exepath: string;
  readonly script: string | undefined;
  readonly executable: Executable | undefined;
  readonly stdio: readonly (Fd | undefined)[];
  /** Where it was executed: a runtime's helper that has joined a container is not the container's own program. */
  readonly slot: Slot;
  readonly time: number | undefined;
  readonly capPermitted: number;
  readonly capInheritable: number;
  /** As the record has it: NUL-separated. */
  readonly argvText: string | undefined;
  private readonly envText: string | undefined;
  private argvList: readonly string[] | undefined;
  private envList: readonly string[] | undefined;

  constructor(from: {
    readonly exepath: string;
    readonly script?: string | undefined;
    readonly executable?: Executable | undefined;
    readonly stdio?: readonly (Fd | undefined)[];
    readonly slot: Slot;
    readonly time?: number | undefined;
    readonly capPermitted?: number;
    readonly capInheritable?: number;
    /** NUL-separated; undefined: unknown. */
    readonly argv?: string | undefined;
    readonly env?: string | undefined;
  }) {
    this.exepath = from.exepath;
    this.script = from.script;
    this.executable = from.executable;
    this.stdio = from.stdio ?? none;
    this.slot = from.slot;
    this.time = from.time;
    this.capPermitted = from.capPermitted ?? 0;
    this.capInheritable = from.capInheritable ?? 0;
    this.argvText = from.argv;
    this.envText = from.env;
    this.argvList = undefined;
    this.envList = undefined;
  }

  /** False for a process whose start was not seen and whose arguments could not be read. */
  get argvKnown(): boolean {
    return this.argvText !== undefined;
  }

  /** argv with argv[0]; split when first asked for, as most programs' arguments never are. */
  get argv(): readonly string[] {
    return (this.argvList ??= split(this.argvText));
  }

  get env(): readonly string[] {
    return (this.envList ??= split(this.envText));
  }
}

const none: readonly never[] = [];

function split(text: string | undefined): readonly string[] {
  if (text === undefined || text === '') return none;
  return (text.endsWith('\0') ? text.slice(0, -1) : text).split('\0');
}
