import { openBundle } from '@palisade/advisory/bundle/open';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { located, parse } from './arguments.ts';

/** `feed match`: one question to the bundle, answered as JSON. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const [file, ecosystem, name, version] = parse(args, {}).positionals;
  if (file === undefined || ecosystem === undefined || name === undefined || version === undefined) throw new UsageError('usage: palisade feed match FILE ECOSYSTEM NAME VERSION');
  const bundle = openBundle(located(io, file));
  try {
    const [match] = bundle.match([{ purl: `pkg:generic/${encodeURIComponent(name)}@${encodeURIComponent(version)}`, name, version, ecosystem, paths: [] }]);
    io.out(`${JSON.stringify({ ecosystem, name, version, answer: match?.answer, reason: match?.reason, coverage: match?.coverage, vulnerabilities: match?.vulnerabilities }, null, 2)}\n`);
    return 0;
  } finally {
    bundle.close();
  }
}
