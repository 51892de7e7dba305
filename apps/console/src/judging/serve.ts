import { createInterface } from 'node:readline';
import { messageOf } from '@palisade/model/error';
import { openJudge } from './judge.ts';
import type { Judge } from './judge.ts';
import type { AnswerLine, Line, Setup } from './question.ts';

/** The child's side: setups and questions come in as lines, each question is answered with one line. Ends with its input. */
export async function serveJudgements(input: NodeJS.ReadableStream, answer: (line: string) => void): Promise<void> {
  let setup: Setup | undefined;
  let judge: Judge | undefined;
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = JSON.parse(text) as Line;
    if ('setup' in line) {
      judge?.close();
      judge = undefined;
      setup = line.setup;
      continue;
    }
    const say = (said: AnswerLine): void => answer(`${JSON.stringify(said)}\n`);
    try {
      if (setup?.key !== line.question.setup) throw new Error('asked before its setup was given');
      judge ??= openJudge(setup);
      say({ id: line.id, judged: judge.ask(line.question) });
    } catch (error) {
      say({ id: line.id, problem: messageOf(error) });
    }
  }
  judge?.close();
}
