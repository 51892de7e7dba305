import { createReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { createGunzip } from 'node:zlib';
import { messageOf } from '@palisade/model/error';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import type { EventSource } from '@palisade/syscall-rules/event';
import { alertJson, alertOf, alertText } from '@palisade/syscall-rules/output/alert';
import { createReplay } from '@palisade/syscall-rules/trace/replay';
import { windowText } from '@palisade/syscall-rules/windowed/count';
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
  let alerts = 0;
  let source: EventSource = bareContext.source;
  const replay = createReplay({
    file: trace,
    load(from) {
      source = from;
      const context = { ...bareContext, source };
      const { ruleset, windows, problems } = load(files, context);
      for (const problem of problems) if (problem.severity === 'error') io.err(`${problemLine(problem)}\n`);
      return problems.some((problem) => problem.severity === 'error') ? undefined : { rules: ruleset.rules, windows, context };
    },
    onMatch(rule, event) {
      alerts += 1;
      io.out(`${format === 'json' ? alertJson(alertOf(rule, event, source)) : alertText(rule, event, source)}\n`);
    },
    onWindow(match, event) {
      alerts += 1;
      io.out(`${windowText(format === 'json' ? alertJson(alertOf(match.rule, event, source)).replaceAll('\\u0001', '\u0001') : alertText(match.rule, event, source), match)}\n`);
    },
  });
  for await (const line of lines(path.resolve(io.cwd, trace), io.signal)) if (!replay.line(line)) return 1;
  if (!replay.begun) throw new UsageError(`${trace}: empty: not a trace`);
  const { events } = replay;
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
