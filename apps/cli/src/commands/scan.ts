import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseDuration } from '@palisade/model/duration';
import { messageOf } from '@palisade/model/error';
import type { ScanResult } from '@palisade/model/scan-result';
import { pruneStore } from '@palisade/image/cache/prune';
import type { Severity } from '@palisade/model/severity';
import type { Bundle } from '@palisade/advisory/bundle/open';
import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { readInput } from '../read-input.ts';
import { formatNames, formatter } from '../format/formats.ts';
import type { FormatName } from '../format/formats.ts';
import { gathered, writeOutput } from '../format/write-output.ts';
import type { CompiledPolicy } from '@palisade/verdict/policy/compile';
import type { CompiledWaiver } from '@palisade/verdict/waiver/compile';
import type * as Pipeline from '../scan/pipeline.ts';
import { readTarget } from '../scan/read.ts';
import type { ReadOutcome } from '../scan/read.ts';
import { parseTarget } from '../scan/target.ts';
import type { Target } from '../scan/target.ts';
import { scanUsage } from './scan-usage.ts';
import { installedFeed, located, parse } from './feed/arguments.ts';

export const command: Command = {
  summary: { en: 'scan an image, archive, directory, registry or SBOM', 'zh-CN': '扫描镜像、归档、目录、镜像仓库或 SBOM' },
  usage: scanUsage,
  ends: 'at once',
  async run(args, io) {
    const { values, positionals } = parse(args, {
      feed: { type: 'string' },
      policy: { type: 'string', multiple: true },
      waivers: { type: 'string', multiple: true },
      'fail-on': { type: 'string' },
      strict: { type: 'boolean' },
      format: { type: 'string', default: 'table' },
      output: { type: 'string' },
      lang: { type: 'string' },
      platform: { type: 'string' },
      'insecure-registry': { type: 'string', multiple: true },
      'secret-rules': { type: 'string' },
      'no-cache': { type: 'boolean' },
      verify: { type: 'boolean' },
      memory: { type: 'string', default: '1024' },
      timeout: { type: 'string', default: '25m' },
    });
    const [wanted, extra] = positionals;
    if (wanted === undefined || extra !== undefined) throw new UsageError('scan takes one target; see "palisade scan --help"');
    const wantedFormat = formatNames.find((name) => name === values.format);
    if (wantedFormat === undefined) throw new UsageError(`--format ${values.format}: one of ${formatNames.join(', ')}`);
    const locale = values.lang === undefined ? io.locale : localeNamed(values.lang);
    const judges = await judgesOf(values, io);
    const target = parseTarget(wanted, io.cwd);
    const zh = locale === 'zh-CN';
    if (target.guessed && io.progress) io.err(zh ? `目标识别为 ${target.kind}:${target.ref}\n` : `taken as ${target.kind}:${target.ref}\n`);
    const rules = values['secret-rules'];
    const ahead = once(() => loadJudging(values.feed, wantedFormat, io));
    const stages = zh ? { pull: '拉取镜像层', read: '读取镜像层' } : { pull: 'pulling layer', read: 'reading layer' };
    const cache = values['no-cache'] === true ? undefined : path.join(path.dirname(path.dirname(installedFeed(io))), 'cache', 'layers');
    const outcome = await guided(target, readTarget(target, {
      signal: io.signal,
      verify: values.verify === true,
      io,
      memory: memoryOf(values.memory),
      time: timeOf(values.timeout),
      insecure: values['insecure-registry'] ?? [],
      ...(rules === undefined ? {} : { rules: { file: rules, text: readInput(rules, io.cwd).toString('utf8') } }),
      ...(values.platform === undefined ? {} : { platform: platformOf(values.platform) }),
      ...(cache === undefined ? {} : { cache }),
      // While another process reads, this one gets ready for the answer.
      started: () => void ahead().catch(() => {}),
      ...(io.progress ? { progress: (stage: 'pull' | 'read', done: number, total: number) => io.err(`\r\u001b[K${stages[stage]} ${done + 1}/${total}`) } : {}),
    })).finally(() => {
      if (io.progress) io.err('\r\u001b[K');
    });
    const now = new Date();
    const judging = await ahead();
    const result = concluded(outcome, target, judges, judging, io, now);
    print(result, judging.write, values.output, io, locale, now);
    if (cache !== undefined) for (const store of [cache, path.join(path.dirname(cache), 'targets')]) pruneStore(store);
    if (result.status === 'failed') {
      io.err(`palisade: ${result.gaps[0]?.reason ?? ''}\n`);
      return 2;
    }
    if (result.verdict.result === 'deny') return 1;
    return values.strict === true && result.status !== 'complete' ? 3 : 0;
  },
};

type Judges = { readonly policies: readonly CompiledPolicy[]; readonly waivers: readonly CompiledWaiver[] };

/** Policies and waivers are read first: wrong ones are refused before anything is scanned. None asked for, none loaded. */
async function judgesOf(values: { policy?: string[] | undefined; waivers?: string[] | undefined; 'fail-on'?: string | undefined }, io: Io): Promise<Judges> {
  const policies: CompiledPolicy[] = [];
  if (values.policy !== undefined || values['fail-on'] !== undefined) {
    const { compileGatePolicy, failOnPolicy } = await import('@palisade/verdict/policy/compile');
    for (const file of values.policy ?? []) policies.push(compileGatePolicy(readInput(file, io.cwd).toString('utf8'), { file }));
    if (values['fail-on'] !== undefined) policies.push(failOnPolicy(severityOf(values['fail-on'])));
  }
  if (values.waivers === undefined) return { policies, waivers: [] };
  const { compileWaivers } = await import('@palisade/verdict/waiver/compile');
  return { policies, waivers: values.waivers.flatMap((file) => compileWaivers(readInput(file, io.cwd).toString('utf8'), { file })) };
}

/** What comes after reading: loaded and opened when it is first asked for. */
type Judging = { readonly bundle: Bundle | null; readonly write: Awaited<ReturnType<typeof formatter>>; readonly pipeline: typeof Pipeline };

async function loadJudging(feed: string | undefined, wanted: FormatName, io: Io): Promise<Judging> {
  const pipeline = await import('../scan/pipeline.ts');
  const write = await formatter(wanted);
  return { bundle: await openFeed(io, feed), write, pipeline };
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}

function concluded(outcome: ReadOutcome, target: Target, judges: Judges, { bundle, pipeline }: Judging, io: Io, now: Date): ScanResult {
  const { failedScan, judge } = pipeline;
  try {
    const judgement = { bundle, ...judges, now };
    const { isolation } = outcome;
    if ('failed' in outcome) return failedScan(target, outcome.failed, isolation, judgement);
    const { scan, drafts, notices } = outcome.described;
    if (io.progress) for (const notice of notices) io.err(`palisade: ${notice}\n`);
    return judge(isolation === undefined ? scan : { ...scan, isolation }, drafts, judgement);
  } finally {
    bundle?.close();
  }
}

/** A bare name is looked up in the local engine only; who meant a registry is told how to say so. */
async function guided(target: Target, reading: Promise<ReadOutcome>): Promise<ReadOutcome> {
  try {
    return await reading;
  } catch (error) {
    if (!target.guessed || target.kind !== 'docker') throw error;
    throw new UsageError(`${messageOf(error)}\n"${target.ref}" is no file and was taken as an image of the local engine; a registry is asked only when named: palisade scan registry:${target.ref}`);
  }
}

function localeNamed(text: string): Io['locale'] {
  if (text === 'en' || text === 'zh-CN') return text;
  throw new UsageError(`--lang ${text}: en or zh-CN`);
}

function platformOf(text: string): string {
  if (/^[a-z0-9]+\/[a-z0-9_]+(?:\/[a-z0-9.]+)?$/.test(text)) return text;
  throw new UsageError(`--platform ${text}: os/architecture, such as linux/arm64`);
}

function memoryOf(text: string): number {
  if (/^\d{2,6}$/.test(text) && Number(text) >= 64) return Number(text) * 2 ** 20;
  throw new UsageError(`--memory ${text}: a number of MiB from 64 up`);
}

function timeOf(text: string): number {
  const time = parseDuration(text);
  if (time !== undefined && time > 0) return time;
  throw new UsageError(`--timeout ${text}: a duration such as 90s, 25m or 2h`);
}

async function openFeed(io: Io, named: string | undefined): Promise<Bundle | null> {
  const { openBundle } = await import('@palisade/advisory/bundle/open');
  if (named !== undefined) return openBundle(located(io, named));
  const installed = installedFeed(io);
  return existsSync(installed) ? openBundle(installed) : null;
}

function print(result: ScanResult, write: Judging['write'], output: string | undefined, io: Io, locale: Io['locale'], now: Date): void {
  const color = output === undefined && io.color;
  const text = write(result, { locale, color, now, ...(color && process.stdout.columns > 0 ? { width: process.stdout.columns } : {}) });
  if (output === undefined) {
    for (const piece of gathered(text)) io.out(piece);
    return;
  }
  try {
    writeOutput(located(io, output), text);
  } catch (error) {
    throw new UsageError(`--output ${output}: ${messageOf(error)}`);
  }
}

function severityOf(text: string): Exclude<Severity, 'unknown'> {
  const found = (['critical', 'high', 'medium', 'low'] as const).find((severity) => severity === text);
  if (found === undefined) throw new UsageError(`--fail-on ${text}: one of critical, high, medium, low`);
  return found;
}
