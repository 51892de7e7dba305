import type { Text, Locale } from '@palisade/model/text';

/** The world a command runs in: injected, so that commands are tested without a process. */
export type Io = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly locale: Locale;
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream;
  /** Results. */
  out(text: string): void;
  /** Diagnostics and progress. */
  err(text: string): void;
  /** True when stderr is a terminal: only then progress lines are drawn. */
  readonly progress: boolean;
  /** True when stdout is a terminal and NO_COLOR is unset. */
  readonly color: boolean;
  readonly signal: AbortSignal;
  /** Command and leading arguments that start this CLI again as a child process. */
  readonly self: readonly string[];
};

/**
 * One subcommand. `run` answers the process's exit code (0 fine, 1 denied or failed check, 2 wrong use or
 * unreadable target, 3 partial under --strict); it throws UsageError for wrong use.
 */
export type Command = {
  readonly summary: Text;
  /** In one language where it holds nothing but words of the command line. */
  readonly usage: string | Text;
  /** SIGHUP ends a command as SIGTERM does, unless the command has a use of its own for it. */
  readonly hangup?: 'own';
  /**
   * Nothing goes on when `run` is done: the process ends as soon as its output is out. Otherwise Node takes down what was
   * built, which costs a scan as much as its start does.
   */
  readonly ends?: 'at once';
  run(args: readonly string[], io: Io): Promise<number>;
};

/** Wrong use: printed as one line on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** One word of a command with words of its own, such as `feed build`. */
export type Sub = { run(args: readonly string[], io: Io): number | Promise<number> };

/** A command that is a family of words, each loaded when it is asked for; anything else is answered with the usage. */
export function family(about: Omit<Command, 'run' | 'usage'> & { readonly usage: string }, subs: Readonly<Record<string, () => Promise<Sub>>>): Command {
  return {
    ...about,
    async run([name = '', ...rest], io) {
      const load = Object.hasOwn(subs, name) ? subs[name] : undefined;
      if (load === undefined) throw new UsageError(`usage:\n${about.usage}`);
      return (await load()).run(rest, io);
    },
  };
}
