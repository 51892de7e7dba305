import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { messageOf } from '@palisade/model/error';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import type { Event, EventSource } from '@palisade/syscall-rules/event';
import { alertJson, alertOf, alertText } from '@palisade/syscall-rules/output/alert';
import { openTrace } from '@palisade/syscall-rules/trace/read';
import { createWindowCounter, windowText } from '@palisade/syscall-rules/windowed/count';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { bareContext, load, readFiles } from './load.ts';

/** Most a compressed trace may unfold to: a small file must not fill the machine. */
const maxTraceBytes = 16 * 1024 ** 3;

/** `rules replay`: decides the events of a trace, one alert a match, in Falco's text or JSON. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values } = parse(args);
  const { trace, rules: ruleFiles = [], format = 'text' } = values;
  if (trace === undefined || (format !== 'text' && format !== 'json')) throw new UsageError('usage: palisade rules replay --trace TRACE [--rules FILE]... [--format text|json]');
  const files = readFiles(ruleFiles, io);
  let decide: ((event: Event) => void) | undefined;
  let events = 0;
  let alerts = 0;
  let failed = false;
  const start = (source: EventSource): ((event: Event) => void) | undefined => {
    const context = { ...bareContext, source };
    const { ruleset, windows, problems } = load(files, context);
    for (const problem of problems) if (problem.severity === 'error') io.err(`${problemLine(problem)}\n`);
    failed = problems.some((problem) => problem.severity === 'error');
    if (failed) return undefined;
    const engine = createRuleEngine(ruleset.rules, context);
    const counter = createWindowCounter(windows);
    return (event) => {
      events += 1;
      for (const rule of engine.decide(event)) {
        alerts += 1;
        io.out(`${format === 'json' ? alertJson(alertOf(rule, event, source)) : alertText(rule, event, source)}\n`);
      }
      for (const match of counter.count(event)) {
        alerts += 1;
        io.out(`${windowText(format === 'json' ? alertJson(alertOf(match.rule, event, source)).replaceAll('\\u0001', '\u0001') : alertText(match.rule, event, source), match)}\n`);
      }
    };
  };
  let reader: ReturnType<typeof openTrace> | undefined;
  for await (const line of lines(path.resolve(io.cwd, trace), io.signal)) {
    if (reader === undefined) {
      reader = openTrace(trace, line);
      decide = start(reader.source);
      if (decide === undefined) return 1;
      continue;
    }
    const event = reader.read(line);
    if (event !== undefined) decide?.(event);
  }
  if (reader === undefined) throw new UsageError(`${trace}: empty: not a trace`);
  io.err(io.locale === 'zh-CN' ? `${events} 个事件，${alerts} 条告警\n` : `${events} events, ${alerts} alerts\n`);
  return 0;
}

async function* lines(file: string, signal: AbortSignal): AsyncGenerator<string> {
  const source = createReadStream(file, { signal });
  let bytes = 0;
  const count = (stream: Readable): Readable =>
    stream.on('data', (chunk: Buffer | string) => {
      bytes += chunk.length;
      if (bytes > maxTraceBytes) stream.destroy(new UsageError(`${file}: larger than ${maxTraceBytes} bytes when unpacked`));
    });
  const plain: Readable = file.endsWith('.gz') ? source.pipe(createGunzip()) : source;
  source.on('error', (error) => plain.destroy(error));
  try {
    for await (const line of createInterface({ input: count(plain), crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError(`cannot read ${file}: ${messageOf(error)}`);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { trace: { type: 'string' }, rules: { type: 'string', multiple: true }, format: { type: 'string' } } });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
