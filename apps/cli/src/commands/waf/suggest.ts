import { readFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { messageOf } from '@palisade/model/error';
import { WafEvent } from '@palisade/model/waf-event';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { exclusionsOf } from './exclusions.ts';

export const suggestUsage = 'palisade waf suggest --reason TEXT --owner NAME --until YYYY-MM-DD [--rule ID]... [--first-id N] [EVENTS.ndjson]   (standard input without a file)';

/** Prints the narrowest exclusions for the matches of recorded events, as SecLang to load before the rules. Exit 0; 1 when no match is left to exclude. */
export async function suggest(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args);
  const { reason, owner, until } = values;
  if (reason === undefined || owner === undefined || until === undefined) throw new UsageError(`an exclusion needs a reason, an owner and a date on which it ends\n${suggestUsage}`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(until) || Number.isNaN(Date.parse(until))) throw new UsageError(`--until ${until}: a date such as 2027-01-31`);
  const firstId = Number(values['first-id'] ?? 7_900_000);
  if (!Number.isInteger(firstId) || firstId < 1) throw new UsageError(`--first-id ${values['first-id']}: a whole number`);
  const [file] = positionals;
  const lines = (file === undefined ? await text(io.stdin) : readFileSync(path.resolve(io.cwd, file), 'utf8')).split('\n');
  const events = lines.flatMap((line, at) => (line.trim() === '' ? [] : [eventOf(line, `${file ?? 'standard input'}:${at + 1}`)]));
  const only = values.rule?.map(Number);
  const { directives, left } = exclusionsOf(events, { reason, owner, until, firstId, ...(only === undefined ? {} : { only }) });
  for (const line of left) io.err(`palisade waf suggest: ${line}\n`);
  io.out(directives);
  return directives === '' ? 1 : 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: true, options: { rule: { type: 'string', multiple: true }, reason: { type: 'string' }, owner: { type: 'string' }, until: { type: 'string' }, 'first-id': { type: 'string' } } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${suggestUsage}`);
  }
}

function eventOf(line: string, where: string): WafEvent {
  try {
    return WafEvent.parse(JSON.parse(line));
  } catch (error) {
    throw new UsageError(`${where}: not an event of the firewall: ${messageOf(error).slice(0, 300)}`);
  }
}
