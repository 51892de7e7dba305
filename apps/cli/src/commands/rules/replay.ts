import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import { alertJson, alertOf, alertText } from '@palisade/syscall-rules/output/alert';
import { openTrace } from '@palisade/syscall-rules/trace/read';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { loadRuleFiles } from './load.ts';

/** A trace is unpacked whole: larger ones are refused rather than filling memory. */
const maxTrace = 1 << 30;

/** Runs a recorded trace through rules; 1 when a rule file has an error, since then its silence proves nothing. */
export function run(args: readonly string[], io: Io): Promise<number> {
  const { trace, rules: files, format } = options(args);
  const lines = traceText(trace, io).split('\n');
  const reader = openTrace(trace, lines[0] ?? '');
  const { rules, problems } = loadRuleFiles(files, io, reader.source);
  const errors = problems.filter((problem) => problem.severity === 'error');
  for (const problem of errors) io.err(`${problemLine(problem)}\n`);
  const engine = createRuleEngine(rules);
  let events = 0;
  let alerts = 0;
  for (const line of lines.slice(1)) {
    if (line === '') continue;
    const event = reader.read(line);
    if (event === undefined) continue;
    events += 1;
    for (const rule of engine.decide(event)) {
      alerts += 1;
      io.out(`${format === 'json' ? alertJson(alertOf(rule, event, reader.source)) : alertText(rule, event, reader.source)}\n`);
    }
  }
  io.err(io.locale === 'zh-CN' ? `${events} 个事件，${engine.rules.length} 条规则，${alerts} 条告警\n` : `${events} events, ${engine.rules.length} rules, ${alerts} alerts\n`);
  return Promise.resolve(errors.length === 0 ? 0 : 1);
}

function options(args: readonly string[]): { trace: string; rules: string[]; format: string } {
  try {
    const { values } = parseArgs({ args: [...args], options: { trace: { type: 'string' }, rules: { type: 'string', multiple: true, default: [] }, format: { type: 'string', default: 'text' } } });
    if (values.trace === undefined || values.rules.length === 0) throw new Error('rules replay needs --trace TRACE and at least one --rules FILE');
    if (values.format !== 'text' && values.format !== 'json') throw new Error(`--format ${values.format}: text or json`);
    return { trace: values.trace, rules: values.rules, format: values.format };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}

function traceText(name: string, io: Io): string {
  try {
    const bytes = readFileSync(path.resolve(io.cwd, name));
    return (bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: maxTrace }) : bytes).toString('utf8');
  } catch (error) {
    throw new UsageError(`${name}: ${messageOf(error)}`);
  }
}
