import { parseArgs } from 'node:util';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { hostProc } from '@palisade/app-agent/host-proc';
import { startMonitor } from '@palisade/app-agent/runtime/monitor';
import type { Gap } from '@palisade/model/gap';
import { messageOf } from '@palisade/model/error';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { alertJson, alertOf, alertText } from '@palisade/syscall-rules/output/alert';
import type { Event, EventSource } from '@palisade/syscall-rules/event';
import { windowText } from '@palisade/syscall-rules/windowed/count';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { engineSocket, linkEngine } from '../scan/engine-link.ts';
import { load, readFiles } from './rules/load.ts';
import { openRecording } from './watch/recording.ts';
import { sensorProgram } from './watch/sensor.ts';

const usage = `palisade watch [--rules FILE]... [--format text|json] [--record TRACE]

Watches this machine with Falco rules, without a console; needs root. Without --rules the product's own pack is used.
Alerts go to standard output, one a line, as they happen; json is Falco's alert format. Standard error says in one line
when the sensor is armed, what it cannot see, and at the end what was counted.

  --rules FILE   a Falco rule file, or one of windowed rules (docs/rules.md); later files change earlier ones
  --format       text (default) or json
  --record TRACE what happens in containers, as a trace that "palisade rules replay" decides again

exit codes: 0 ended by SIGINT or SIGTERM, 1 a rule does not load, 2 wrong use or no sensor

examples:
  palisade watch --rules falco_rules.yaml --rules local_rules.yaml
  palisade watch --format json | falcosidekick-feeder`;

export const command: Command = {
  summary: { en: 'watch this machine with runtime rules', 'zh-CN': '用运行时规则监视本机' },
  usage,
  async run(args, io) {
    const { files: names, format, record } = parse(args);
    const files = packOrFiles(names, io);
    if (process.getuid?.() !== 0) throw new UsageError('watch needs root: the sensor loads eBPF programs');
    const program = sensorProgram(io);
    const socket = engineSocket(io.env);
    const link = existsSync(socket) ? await linkEngine(io) : undefined;
    const stop = new AbortController();
    const signal = AbortSignal.any([io.signal, stop.signal]);
    const print = createPrinter(io, format);
    const recording = record === undefined ? undefined : openRecording(path.resolve(io.cwd, record));
    const zh = io.locale === 'zh-CN';
    if (link === undefined) print.gap({ kind: 'engine-absent', subject: socket, reason: zh ? '没有容器引擎：容器只有编号' : 'no container engine there: containers are known by id only', count: 1 });
    let broken = false;
    try {
      const started = performance.now();
      const monitor = await startMonitor({
        program,
        procRoot: hostProc,
        load(context) {
          print.source = context.source;
          const loaded = load(files, context);
          for (const problem of loaded.problems) if (problem.severity === 'error') io.err(`${problemLine(problem)}\n`);
          broken = loaded.problems.some((problem) => problem.severity === 'error');
          if (broken) throw new UsageError('rules do not load');
          return { rules: loaded.ruleset.rules, windows: loaded.windows };
        },
        ...(link === undefined ? {} : { engine: link.engine }),
        onMatch: (rule, event) => print.alert(rule, event),
        onWindow: (match, event) => print.alert(match.rule, event, (line) => windowText(line, match)),
        ...(recording === undefined ? {} : { onEvent: recording.event }),
        onGap: print.gap,
        signal,
      });
      const { armed } = monitor.warden;
      const took = Math.round(performance.now() - started);
      const count = monitor.rules.rules.length + monitor.rules.windows.length;
      const untraced = armed.untraced.join(', ');
      io.err(zh
        ? `已就绪：${count} 条规则，记录 ${armed.calls} 个系统调用${untraced === '' ? '' : `（其中无跟踪点，经全局钩子记录：${untraced}）`}，用时 ${took} 毫秒\n`
        : `armed: ${count} rules, ${armed.calls} syscalls recorded${untraced === '' ? '' : ` (without a tracepoint, by the hook of all calls: ${untraced})`}, took ${took} ms\n`);
      await monitor.warden.ended;
      io.err(zh ? `${monitor.pipeline.events} 个事件，${print.alerts} 条告警${print.summary()}\n` : `${monitor.pipeline.events} events, ${print.alerts} alerts${print.summary()}\n`);
      return 0;
    } catch (error) {
      if (broken) return 1;
      throw error;
    } finally {
      stop.abort();
      recording?.close();
      link?.close();
    }
  },
};

function packOrFiles(names: readonly string[], io: Io): ReturnType<typeof readFiles> {
  try {
    const files = readFiles(names, io);
    if (files.length > 0) return files;
  } catch (error) {
    if (names.length > 0) throw error;
  }
  throw new UsageError('this installation has no rule pack (content/runtime): give rule files with --rules');
}

type Alerting = Parameters<typeof alertOf>[0];

/** Alerts to standard output as they happen; each different gap one line, its further occurrences counted. */
function createPrinter(io: Io, format: 'text' | 'json') {
  const counts = new Map<string, number>();
  return {
    source: { origin: 0n, hostname: '' } as EventSource,
    alerts: 0,
    alert(rule: Alerting, event: Event, finish: (line: string) => string = (line) => line): void {
      this.alerts += 1;
      const line = format === 'json' ? alertJson(alertOf(rule, event, this.source)).replaceAll('\\u0001', '\u0001') : alertText(rule, event, this.source);
      io.out(`${finish(line)}\n`);
    },
    gap(gap: Gap): void {
      const key = `${gap.kind} ${gap.kind === 'container-unknown' ? '' : gap.subject}`;
      const known = counts.get(key);
      counts.set(key, (known ?? 0) + gap.count);
      if (known === undefined) io.err(`${io.locale === 'zh-CN' ? '缺口' : 'gap'} ${gap.kind} ${gap.subject}: ${gap.reason}\n`);
    },
    summary(): string {
      return [...counts].map(([key, count]) => `, ${key.trim()} ${count}`).join('');
    },
  };
}

function parse(args: readonly string[]): { files: readonly string[]; format: 'text' | 'json'; record: string | undefined } {
  try {
    const { values } = parseArgs({ args: [...args], options: { rules: { type: 'string', multiple: true }, format: { type: 'string' }, record: { type: 'string' } } });
    const format = values.format ?? 'text';
    if (format !== 'text' && format !== 'json') throw new Error('--format is text or json');
    return { files: values.rules ?? [], format, record: values.record };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
