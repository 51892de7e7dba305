import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { createLearner } from '@palisade/app-waf/openapi/learn';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { readRecordingFile } from './request-file.ts';
import { whole } from './whole.ts';

export const learnUsage = `palisade waf learn [--at-least N] [--title TEXT] RECORDED.ndjson...
  Prints an OpenAPI description of the requests that waf serve --record has recorded: to be read, corrected, and given to waf serve --openapi.`;

/** Suggests which requests there are, from recorded ones. Exit 0; 1 when there is nothing to learn from. */
export async function learn(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args);
  if (positionals.length === 0) throw new UsageError(`waf learn needs recorded requests\n${learnUsage}`);
  const atLeast = whole('--at-least', values['at-least'] ?? '2', 1, 1_000_000);
  const learner = createLearner();
  for (const file of positionals) {
    for (const request of readRecordingFile(file, io.cwd)) if (!request.bodyCut) learner.take(request);
  }
  const document = learner.document(values.title ?? 'learned', atLeast) as { paths: object };
  for (const line of learner.left) io.err(`palisade waf learn: ${line}\n`);
  if (Object.keys(document.paths).length === 0) {
    io.err(`palisade waf learn: no route was seen ${atLeast} times\n`);
    return 1;
  }
  io.out(stringify(document, { lineWidth: 0 }));
  return 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: true, options: { 'at-least': { type: 'string' }, title: { type: 'string' } } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${learnUsage}`);
  }
}
