import { existsSync, mkdirSync, mkdtempSync, rmSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../command.ts';
import { UsageError, family } from '../command.ts';
import { dockerClient } from '../drill/docker.ts';
import { drillImage, smallImage } from '../drill/image.ts';
import { startPrivateEngine } from '../drill/private-engine.ts';
import { runVariant } from '../drill/run.ts';
import type { Outcome } from '../drill/run.ts';
import { loadScenarios } from '../drill/scenario.ts';
import type { Scenario } from '../drill/scenario.ts';
import { startWatcher } from '../drill/watcher.ts';
import { homeFolder } from '../home.ts';
import { contentFolder } from '../scan/content.ts';
import { engineSocket } from '../scan/engine-link.ts';

const usage = `palisade drill list [--format table|json]
palisade drill run [ID...] [--rules FILE]... [--format table|json] [--jobs N] [--record DIR]

Attacks as safe scripts, and honest work that looks like them, each in a throw-away container without a network. Says
what the runtime rules caught, missed or raised a false alarm for. Needs root and a Docker engine (one of its own is
started when none answers); the image is built from the distribution's packages, once.

  ID        a drill, a variant as ID/VARIANT, a class, "attack", "benign", or an image: "debian" or "busybox" (the
            short form: nothing is downloaded); default: all
  --rules   rule files instead of the product's pack
  --jobs    containers at a time (default 2)
  --record  a folder for the trace of the run and what came of it (scripts/pack-traces.ts)

exit codes: 0 all passed, 1 a drill failed, 2 wrong use or it could not run

examples:
  palisade drill run reverse-shell
  palisade drill run benign --format json`;

export const command = family({ summary: { en: 'try the runtime rules with safe attacks', 'zh-CN': '用安全的攻击演练检验运行时规则' }, usage }, {
  list: async () => ({
    run: async (args, io) => {
      const options = parse(args);
      return list(select(loadScenarios(contentFolder('drill')), options.ids), options.format, io);
    },
  }),
  run: async () => ({
    run: async (args, io) => {
      const options = parse(args);
      const scenarios = select(loadScenarios(contentFolder('drill')), options.ids);
      if (process.getuid?.() !== 0) throw new UsageError('drill run needs root: the sensor loads eBPF programs');
      return run(scenarios, options, io);
    },
  }),
});

type Options = { readonly ids: readonly string[]; readonly rules: readonly string[]; readonly format: 'table' | 'json'; readonly jobs: number; readonly record: string | undefined };
type Wanted = { readonly scenario: Scenario; readonly variant: Scenario['variants'][number] };

async function run(wanted: readonly Wanted[], options: Options, io: Io): Promise<number> {
  const socket = engineSocket(io.env);
  const say = (line: string): void => io.err(`palisade: ${line}\n`);
  const engine = existsSync(socket) ? undefined : await startPrivateEngine();
  if (engine !== undefined) say('no Docker engine answers: one of our own is started for the drills');
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-drill-'));
  chmodSync(folder, 0o755);
  const outcomes: Outcome[] = [];
  try {
    const at = engine?.socket ?? socket;
    const docker = await dockerClient(at, io.signal);
    const uses = (image: Scenario['image']): boolean => wanted.some(({ scenario }) => scenario.image === image);
    const images = {
      debian: uses('debian') ? await drillImage(docker, path.join(homeFolder(io.env), 'drill'), say, io.signal) : '',
      busybox: uses('busybox') ? await smallImage(docker, folder, io.signal) : '',
    };
    const record = options.record === undefined ? undefined : path.resolve(io.cwd, options.record);
    if (record !== undefined) mkdirSync(record, { recursive: true, mode: 0o700 });
    const watcher = await startWatcher(io, at, options.rules, record === undefined ? undefined : path.join(record, 'trace.ndjson'));
    try {
      const waiting = [...wanted];
      const work = async (): Promise<void> => {
        for (let next = waiting.shift(); next !== undefined && !io.signal.aborted; next = waiting.shift()) {
          const outcome = await runVariant(next.scenario, next.variant, { docker, images, folder, watcher });
          outcomes.push(outcome);
          if (options.format === 'table') io.out(`${line(outcome)}\n`);
          else io.out(`${JSON.stringify(outcome)}\n`);
        }
      };
      await Promise.all(Array.from({ length: options.jobs }, work));
    } finally {
      await watcher.stop();
    }
    if (record !== undefined) writeFileSync(path.join(record, 'outcomes.json'), `${JSON.stringify(outcomes, null, 1)}\n`);
    for (const loss of watcher.lost) say(loss);
  } catch (error) {
    throw new UsageError(messageOf(error));
  } finally {
    await engine?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const failed = outcomes.filter(({ passed }) => !passed).length;
  const delays = outcomes.flatMap(({ kind, delay }) => (kind === 'attack' && delay !== undefined ? [delay] : [])).sort((a, b) => a - b);
  if (options.format === 'table' && delays.length > 0) io.out(`time from act to alert: median ${delays[delays.length >> 1]} ms, longest ${delays.at(-1)} ms\n`);
  io.out(`${outcomes.length - failed} passed, ${failed} failed\n`);
  return failed === 0 && !io.signal.aborted ? 0 : 1;
}

function line({ id, variant, result, passed, rules, delay, detail }: Outcome): string {
  return `${passed ? 'ok  ' : 'FAIL'} ${result.padEnd(11)} ${`${id}/${variant}`.padEnd(44)} ${delay === undefined ? '' : `${delay} ms  `}${rules.join(', ')}${!passed && detail !== undefined ? `  (${detail})` : ''}`;
}

function list(wanted: readonly Wanted[], format: Options['format'], io: Io): number {
  const scenarios = [...new Set(wanted.map(({ scenario }) => scenario))];
  if (format === 'json') io.out(`${JSON.stringify(scenarios.map(({ id, kind, class: group, title, technique, variants }) => ({ id, kind, class: group, title, technique, variants: variants.map(({ name }) => name) })))}\n`);
  else for (const { id, kind, class: group, title, variants } of scenarios) io.out(`${kind.padEnd(7)} ${group.padEnd(17)} ${id.padEnd(32)} ${title[io.locale]} (${variants.map(({ name }) => name).join(', ')})\n`);
  return 0;
}

function select(scenarios: readonly Scenario[], ids: readonly string[]): Wanted[] {
  const all = scenarios.flatMap((scenario) => scenario.variants.map((variant) => ({ scenario, variant })));
  if (ids.length === 0) return all;
  const fits = ({ scenario, variant }: Wanted, id: string): boolean => [scenario.id, `${scenario.id}/${variant.name}`, scenario.class, scenario.kind, scenario.image].includes(id);
  for (const id of ids) if (!all.some((entry) => fits(entry, id))) throw new UsageError(`there is no drill "${id}"; "palisade drill list" names them`);
  return all.filter((entry) => ids.some((id) => fits(entry, id)));
}

function parse(args: readonly string[]): Options {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { rules: { type: 'string', multiple: true }, format: { type: 'string' }, jobs: { type: 'string' }, record: { type: 'string' } } });
    const format = values.format ?? 'table';
    if (format !== 'table' && format !== 'json') throw new Error('--format is table or json');
    const jobs = Number(values.jobs ?? 2);
    if (!Number.isInteger(jobs) || jobs < 1 || jobs > 16) throw new Error('--jobs is a number from 1 to 16');
    return { ids: positionals, rules: values.rules ?? [], format, jobs, record: values.record };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
