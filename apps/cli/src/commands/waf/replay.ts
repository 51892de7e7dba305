import { parseArgs } from 'node:util';
import { siteRules } from '@palisade/app-waf/inspection/site';
import { judge } from '@palisade/app-waf/record/judge';
import type { Judgement } from '@palisade/app-waf/record/judge';
import { baseSettings } from '@palisade/app-waf/serve/settings';
import { messageOf } from '@palisade/model/error';
import { toUtf8 } from '@palisade/waf/bytes';
import type { Match } from '@palisade/waf/engine/transaction';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { readRecordingFile } from './request-file.ts';
import { loadAnyRuleFiles } from './rule-files.ts';
import { whole } from './whole.ts';

export const replayUsage = `palisade waf replay --rules GLOB [--rules GLOB]... --with FILE [--with FILE]... [--paranoia 1..4] [--format text|json] RECORDED.ndjson...
  Compares what the rules say of recorded requests with what they would say with the files of --with read before them (exclusions, as waf suggest prints them).`;

const named = ({ rule, variable }: Match): string => `${rule}${variable === '' ? '' : ` ${toUtf8(variable)}`}`;
const missing = (from: Judgement, to: Judgement): string[] => {
  const there = new Set(to.matches.map(named));
  return [...new Set(from.matches.map(named))].filter((name) => !there.has(name));
};

/** Says for which recorded requests further rule files change the verdict or what matches. Exit 0. */
export async function replay(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.rules === undefined || values.with === undefined || positionals.length === 0) throw new UsageError(`waf replay needs --rules, --with and recorded requests\n${replayUsage}`);
  const format = values.format ?? 'text';
  if (format !== 'text' && format !== 'json') throw new UsageError(`--format ${format}: text or json`);
  const settings = baseSettings(whole('--paranoia', values.paranoia ?? '1', 1, 4));
  const now = siteRules(await loadAnyRuleFiles(values.rules, io.cwd, settings, (line) => io.err(`palisade waf: ${line}`)));
  const then = siteRules(await loadAnyRuleFiles([...values.with, ...values.rules], io.cwd, settings));
  const counts = { requests: 0, changed: 0, passNow: 0, blockedNow: 0, masked: 0, cut: 0 };
  for (const file of positionals) {
    for (const request of readRecordingFile(file, io.cwd)) {
      counts.requests += 1;
      if (request.masked.length > 0) counts.masked += 1;
      if (request.bodyCut) counts.cut += 1;
      const before = judge(now, { ...request, time: Date.now() });
      const after = judge(then, { ...request, time: Date.now() });
      const gone = missing(before, after);
      const added = missing(after, before);
      const verdict = (one: Judgement): string => (one.stopped === undefined ? 'passed' : 'blocked');
      if (gone.length === 0 && added.length === 0 && verdict(before) === verdict(after)) continue;
      counts.changed += 1;
      if (before.stopped !== undefined && after.stopped === undefined) counts.passNow += 1;
      if (before.stopped === undefined && after.stopped !== undefined) counts.blockedNow += 1;
      const change = { id: request.id, method: request.method, target: toUtf8(request.target), before: verdict(before), after: verdict(after), scoreBefore: before.score, scoreAfter: after.score, gone, added };
      io.out(format === 'json' ? `${JSON.stringify(change)}\n` : `${change.id} ${change.method} ${change.target.slice(0, 200)}\n  ${change.before === change.after ? `${change.before} as before` : `${change.before} → ${change.after}`}, score ${change.scoreBefore ?? 'none'} → ${change.scoreAfter ?? 'none'}\n${gone.map((name) => `  - ${name}\n`).join('')}${added.map((name) => `  + ${name}\n`).join('')}`);
    }
  }
  if (format === 'json') io.out(`${JSON.stringify(counts)}\n`);
  else io.out(`${counts.requests} requests, ${counts.changed} changed: ${counts.passNow} blocked before and pass now, ${counts.blockedNow} passed before and are blocked now\n`);
  if (counts.masked > 0) io.err(`palisade waf replay: ${counts.masked} requests have masked values, which rules may have judged otherwise\n`);
  if (counts.cut > 0) io.err(`palisade waf replay: ${counts.cut} requests are without their body (too long, or of a kind in which secrets can't be told)\n`);
  return 0;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], strict: true, allowPositionals: true, options: { rules: { type: 'string', multiple: true }, with: { type: 'string', multiple: true }, paranoia: { type: 'string' }, format: { type: 'string' } } });
  } catch (error) {
    throw new UsageError(`${messageOf(error)}\n${replayUsage}`);
  }
}
