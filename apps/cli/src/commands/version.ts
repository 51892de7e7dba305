import { createInterface } from 'node:readline';
import { messageOf } from '@palisade/model/error';
import { compareVersions, schemeNamed } from '@palisade/version/compare';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';

const usage = `palisade version compare SCHEME A B
palisade version compare SCHEME -        reads "A B" pairs, one a line, from standard input

Prints <, = or >. Exit 2 with a reason where a version does not parse; of pairs, such a line is answered "?".
Schemes: apk cran deb gem go hackage maven nuget packagist pep440 pub rpm semver, and names such as debian, npm, pypi.

  palisade version compare deb 1.0-1 1.0-1+deb12u1
  palisade version compare npm - < pairs.txt`;

export const command: Command = {
  summary: { en: 'compare package versions', 'zh-CN': '比较软件包版本' },
  usage,
  async run(args, io) {
    const [verb, scheme, a, b, ...more] = args;
    if (verb !== 'compare' || scheme === undefined || a === undefined || more.length > 0) throw new UsageError(`usage: ${usage}`);
    schemeNamed(scheme);
    if (a === '-' && b === undefined) return comparePairs(scheme, io);
    if (b === undefined) throw new UsageError(`usage: ${usage}`);
    io.out(`${sign(scheme, a, b)}\n`);
    return 0;
  },
};

function sign(scheme: string, a: string, b: string): string {
  return '<=>'.charAt(compareVersions(scheme, a, b) + 1);
}

/** One answer a line, in the order of the input, so that callers can pair them up again. */
async function comparePairs(scheme: string, io: Io): Promise<number> {
  let code = 0;
  let number = 0;
  let answers: string[] = [];
  const lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY, signal: io.signal });
  for await (const line of lines) {
    number += 1;
    const [a, b, ...more] = line.trim().split(/\s+/);
    try {
      if (a === undefined || a === '' || b === undefined || more.length > 0) throw new UsageError('a line must hold two versions, "A B"');
      answers.push(sign(scheme, a, b));
    } catch (error) {
      code = 2;
      answers.push('?');
      io.err(`palisade: standard input, line ${number}: ${messageOf(error)}\n`);
    }
    if (answers.length >= 4096) {
      io.out(`${answers.join('\n')}\n`);
      answers = [];
    }
  }
  if (answers.length > 0) io.out(`${answers.join('\n')}\n`);
  return code;
}
