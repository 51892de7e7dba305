import { existsSync } from 'node:fs';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Detection } from '@palisade/model/detection';
import { kinds, tags } from '@palisade/behaviour/decode.gen';
import { textOf } from '@palisade/behaviour/decode';
import { messageOf } from '@palisade/model/error';
import type { Gap } from '@palisade/model/gap';
import type { Node } from '@palisade/model/node';
import type { FieldContext } from '@palisade/syscall-rules/fields/field';
import { windowText } from '@palisade/syscall-rules/windowed/count';
import type { DesiredPolicy, ImageStanding, Response } from '@palisade/model/response';
import { createGatherer } from '../evidence/gather.ts';
import { hostProc } from '../host-proc.ts';
import type { Reporter } from '../report.ts';
import { placeOf } from '../response/place-of.ts';
import { preventable } from '../response/preventable.ts';
import type { Responder } from '../response/responder.ts';
import { createResponder } from '../response/responder.ts';
import { rest } from '../gateway/deliver.ts';
import type { Armed, WardenOptions } from '../sensor/warden.ts';
import { createDetections } from './detections.ts';
import type { Match } from './detections.ts';
import type { RuleWords } from './match.ts';
import { deniedMatch } from './denied.ts';
import { matchOf, recordingOf } from './match.ts';
import type { Monitor, MonitorRules } from './monitor.ts';
import { startMonitor } from './monitor.ts';
import { createSensorGaps } from './sensor-gaps.ts';

/** What the agent watches with. `rules` undefined: no pack is installed. */
export type WatchSetup = {
  readonly program: string;
  /** Compiles the pack; `broken` are the rules that did not load, a line each. Undefined: there is no pack. */
  load(context: FieldContext): (MonitorRules & { readonly broken: readonly string[]; readonly words: ReadonlyMap<string, RuleWords> }) | undefined;
  /** Whether there is a pack at all, asked before anything is started. */
  hasRules(): boolean;
};

export type NodeWatch = {
  readonly sensor: NonNullable<Node['sensor']>;
  killProcess(pid: number, start: number): Promise<void>;
  readonly responder: Pick<Responder, 'policy' | 'command' | 'knows'>;
  /** The recorder's last events of a container (full id), newest last; undefined while no sensor runs. */
  activity(container: string | undefined, seconds: number): unknown;
  /** Resolves when everything counted has been told. */
  readonly ended: Promise<void>;
};

export type NodeWatchOptions = WatchSetup & {
  readonly node: string;
  /** Calls go to the engine of the moment, and fail while there is none. */
  readonly engine: ContainerEngine;
  tell(detection: Detection): void;
  responded(response: Response): void;
  put: Reporter['put'];
  gaps(gaps: readonly Gap[]): void;
  responseGaps(gaps: readonly Gap[]): void;
  /** Where responses in force are remembered. */
  readonly folder: string;
  /** The policy that held before this start. */
  readonly policy: DesiredPolicy | undefined;
  standing(image: string): Promise<ImageStanding>;
  /** Directory in bpffs for what must hold when every process is dead; absent: nothing is pinned. */
  readonly pins?: WardenOptions['pins'];
  /** The sensor's state changed. */
  changed(): void;
  readonly signal: AbortSignal;
  log(message: string): void;
};

const retryMs = 5_000;
const refusedMs = 30_000;

/** Watches the node with the sensor for as long as the signal holds; what keeps it from it is a state and a gap, and is tried again. */
export function watchNode(options: NodeWatchOptions): NodeWatch {
  const { signal, log } = options;
  let sensor: NonNullable<Node['sensor']> = { state: 'absent' };
  let monitor: Monitor | undefined;
  const gaps = createSensorGaps(Date.now);
  const detections = createDetections(options.node, options.tell, Date.now);
  const sensorPort = (): ReturnType<Parameters<typeof createResponder>[0]['sensor']> => (monitor === undefined ? undefined : { request: monitor.warden.request, isolation: monitor.warden.armed.isolation, pinned: monitor.warden.armed.pinned });
  const responder = createResponder({
    folder: options.folder, node: options.node, engine: options.engine, sensor: sensorPort, tell: options.responded, gaps: options.responseGaps, standing: options.standing, now: Date.now, log,
    collect: createGatherer({ node: options.node, procRoot: hostProc, engine: options.engine, put: options.put, now: Date.now, recorder: () => (monitor === undefined ? undefined : { recorder: monitor.recorder, time: (Date.now() - monitor.boot) * 1e6 }) }),
    acted: detections.acted,
  });
  if (options.policy !== undefined) responder.policy(options.policy);
  function matched(match: Match): void {
    const { asked, ...waivers } = responder.judge(match);
    const id = detections.add({ ...match, ...waivers });
    if (asked.length > 0) void responder.act(id, match, asked).catch((error: unknown) => log(`response to ${match.rule}: ${messageOf(error)}`));
  }
  const tick = setInterval(() => {
    detections.tick();
    responder.tick();
    const present = gaps.take();
    if (present !== undefined) options.gaps(present);
  }, 1000);

  function become(next: NonNullable<Node['sensor']>): void {
    if (JSON.stringify(next) === JSON.stringify(sensor)) return;
    sensor = next;
    log(`sensor: ${next.state}${next.reason === undefined ? '' : ` (${next.reason})`}`);
    options.changed();
  }

  /** What stands in the way of starting, in the order it has to be put right. */
  function hindrance(): { kind: string; reason: string } | undefined {
    if (process.getuid?.() !== 0) return { kind: 'sensor-not-root', reason: 'the agent does not run as root: it may not load eBPF programs' };
    if (!existsSync(options.program)) return { kind: 'sensor-absent', reason: `there is no sensor program at ${options.program}` };
    if (!options.hasRules()) return { kind: 'rules-absent', reason: 'no rule pack is installed (content/runtime)' };
    return undefined;
  }

  async function start(ending: AbortSignal): Promise<void> {
    let words: ReadonlyMap<string, RuleWords> = new Map();
    let rules = 0;
    const armed = (by: Armed): void => {
      become({ state: 'armed', rules, programs: by.programs.filter((program) => program.state === 'attached').length });
      responder.armed();
    };
    monitor = await startMonitor({
      program: options.program,
      procRoot: hostProc,
      ...(options.pins === undefined ? {} : { pins: options.pins }),
      load(context) {
        const loaded = options.load(context);
        if (loaded === undefined) throw new Error('no rule pack is installed (content/runtime)');
        for (const line of loaded.broken) gaps.add({ kind: 'rule-broken', subject: line.slice(0, 300), reason: 'this rule does not load: it is left out', count: 1 });
        words = loaded.words;
        rules = [...loaded.rules, ...loaded.windows].filter((rule) => rule.enabled).length;
        responder.pack(preventable(loaded));
        return loaded;
      },
      engine: options.engine,
      onMatch(rule, event) {
        if (monitor !== undefined) matched(matchOf(rule, event, monitor.context.source, monitor.recorder, words.get(rule.id)));
      },
      onWindow(match, event) {
        if (monitor !== undefined) matched(matchOf(match.rule, event, monitor.context.source, monitor.recorder, words.get(match.rule.id), (line) => windowText(line, match)));
      },
      onContainer: (id, container, image) => responder.container(id, container === undefined ? undefined : placeOf(container, responder.cluster), image),
      onKernelAct(record, process) {
        const { header } = record;
        if (header.kind === kinds.held) return responder.holds.told(header.container, header.arg0);
        if (monitor === undefined) return;
        const exec = { cause: header.arg0, container: header.container, path: textOf(record, tags.exe) ?? '', comm: header.comm };
        const match = deniedMatch(record, process, responder.whose(exec), monitor.context.source, monitor.recorder);
        responder.denied(exec, detections.add(match), match);
      },
      onGap: gaps.add,
      keep: {
        onArmed: armed,
        onOutage: (outage) => gaps.add({ kind: 'sensor-down', subject: 'sensor', since: outage.since.toISOString(), until: outage.until.toISOString(), reason: `no sensor ran for ${outage.seconds.toFixed(1)} s: ${outage.reason}`.slice(0, 500), count: 1 }),
        onFailure: (reason) => become({ state: 'refused', reason: reason.slice(0, 500), rules }),
      },
      signal: ending,
    });
    armed(monitor.warden.armed);
    gaps.drop('sensor-refused');
    await monitor.warden.ended;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const hindered = hindrance();
      for (const kind of ['sensor-not-root', 'sensor-absent', 'rules-absent']) if (kind !== hindered?.kind) gaps.drop(kind);
      if (hindered !== undefined) {
        gaps.add({ kind: hindered.kind, subject: 'sensor', reason: hindered.reason, count: 1 });
        become({ state: 'absent', reason: hindered.reason });
        await rest(retryMs, signal);
        continue;
      }
      const ending = new AbortController();
      try {
        await start(AbortSignal.any([signal, ending.signal]));
      } catch (error) {
        const reason = messageOf(error).slice(0, 500);
        gaps.add({ kind: 'sensor-refused', subject: 'sensor', reason, count: 1 });
        become({ state: 'refused', reason });
        await rest(refusedMs, signal);
      } finally {
        ending.abort();
        monitor = undefined;
        responder.armed();
      }
    }
  }

  const ended = run().finally(() => {
    clearInterval(tick);
    detections.flush();
    responder.flush();
  });
  return {
    get sensor() {
      return sensor;
    },
    async killProcess(pid, start) {
      if (monitor === undefined) throw new Error('no sensor runs on this node: a process can only be ended through it');
      await monitor.warden.request({ op: 'signal', pid, start, signalNumber: 9 });
    },
    responder,
    activity(container, seconds) {
      if (monitor === undefined) return undefined;
      const time = (Date.now() - monitor.boot) * 1e6;
      return recordingOf(monitor.recorder, container === undefined ? 'host' : container.slice(0, 12), time, { before: seconds, after: 1 });
    },
    ended,
  };
}
