import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { refuse } from '../errors.ts';
import type { AnswerLine, Judged, Line, Question, Setup } from './question.ts';

// One image's match and verdict; a policy that runs longer is as good as endless.
const timeLimitMs = 60_000;
const heapMegabytes = 768;

export type JudgingChild = {
  /** Answers with the child's judgement; throws with its problem, or when it died or took too long. */
  ask(setup: Setup, question: Omit<Question, 'setup'>): Promise<Judged>;
  stop(): void;
};

/** Command and arguments that start this product's CLI, from source or from the build. */
export function selfCommand(): string[] {
  if (import.meta.filename.endsWith('.ts')) return [process.execPath, '--disable-warning=ExperimentalWarning', path.resolve(import.meta.dirname, '../../../cli/src/main.ts')];
  return [process.execPath, ...process.execArgv, realpathSync(process.argv[1] ?? '')];
}

/** A child process that judges images; started on the first question, and anew when it has died. One question at a time. */
export function judgingChild(): JudgingChild {
  let child: ChildProcessWithoutNullStreams | undefined;
  let told: string | undefined;
  let next = 0;
  let waiting: { id: number; resolve(line: AnswerLine): void; reject(error: Error): void } | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const start = (): ChildProcessWithoutNullStreams => {
    const [program = process.execPath, ...args] = selfCommand();
    const started = spawn(program, [`--max-old-space-size=${heapMegabytes}`, ...args, '__judge'], { env: { PATH: process.env['PATH'] ?? '', TZ: 'UTC' }, stdio: 'pipe' });
    let said = '';
    started.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString('utf8')).slice(-1000)));
    started.stdin.on('error', () => undefined);
    createInterface({ input: started.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as AnswerLine;
      if (waiting?.id === line.id) waiting.resolve(line);
    });
    const gone = (why: string): void => {
      if (child === started) child = undefined;
      waiting?.reject(refuse('internal', `judging ended early: ${why}${said === '' ? '' : `: ${said.trim().slice(-300)}`}`));
    };
    started.on('error', (error) => gone(error.message));
    started.on('exit', (code, signal) => gone(String(signal ?? code)));
    return started;
  };

  const once = async (setup: Setup, question: Omit<Question, 'setup'>): Promise<Judged> => {
    if (child === undefined) {
      child = start();
      told = undefined;
    }
    const running = child;
    const id = (next += 1);
    const tell = (line: Line): void => void running.stdin.write(`${JSON.stringify(line)}\n`);
    let late: NodeJS.Timeout | undefined;
    try {
      const line = await new Promise<AnswerLine>((resolve, reject) => {
        waiting = { id, resolve, reject };
        late = setTimeout(() => {
          reject(refuse('internal', `judging one image took more than ${timeLimitMs / 1000} s`));
          running.kill('SIGKILL');
        }, timeLimitMs);
        if (told !== setup.key) tell({ setup });
        told = setup.key;
        tell({ id, question: { ...question, setup: setup.key } });
      });
      if ('problem' in line) throw refuse('invalid-document', line.problem);
      return line.judged;
    } finally {
      clearTimeout(late);
      waiting = undefined;
    }
  };

  return {
    ask(setup, question) {
      const mine = turn.then(() => once(setup, question));
      turn = mine.catch(() => undefined);
      return mine;
    },
    stop() {
      const running = child;
      child = undefined;
      running?.kill('SIGKILL');
    },
  };
}
