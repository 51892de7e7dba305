import { readFileSync } from 'node:fs';
import os from 'node:os';
import { createSlots } from '@palisade/behaviour/container/slots';
import type { SensorRecord } from '@palisade/behaviour/decode';
import { kinds } from '@palisade/behaviour/decode.gen';
import { createSockets } from '@palisade/behaviour/descriptor/sockets';
import type { LiveEvent } from '@palisade/behaviour/event/live-event';
import { createNames } from '@palisade/behaviour/names/names';
import type { Pipeline } from '@palisade/behaviour/pipeline';
import { createPipeline } from '@palisade/behaviour/pipeline';
import type { LiveProcess } from '@palisade/behaviour/process/live-process';
import type { Recorder } from '@palisade/behaviour/recorder/recorder';
import { createRecorder } from '@palisade/behaviour/recorder/recorder';
import { createProcessTree } from '@palisade/behaviour/process/tree';
import type { Needs } from '@palisade/behaviour/wanted/calls';
import { needsOf } from '@palisade/behaviour/wanted/calls';
import type { ContainerEngine } from '@palisade/engine/engine';
import type { Gap } from '@palisade/model/gap';
import { createRuleEngine } from '@palisade/syscall-rules/engine';
import type { Container } from '@palisade/syscall-rules/event';
import type { FieldContext } from '@palisade/syscall-rules/fields/field';
import type { Rule } from '@palisade/syscall-rules/rule';
import type { WindowMatch } from '@palisade/syscall-rules/windowed/count';
import { createWindowCounter } from '@palisade/syscall-rules/windowed/count';
import type { CompiledWindow } from '@palisade/syscall-rules/windowed/load';
import { keepWarden } from '../sensor/keep.ts';
import type { Outage } from '../sensor/keep.ts';
import type { Armed, Warden, WardenOptions } from '../sensor/warden.ts';
import { startWarden } from '../sensor/warden.ts';
import { followContainers } from './containers.ts';
import type { ContainerFollower } from './containers.ts';
import { armingGaps, lossGap, unknownContainerGap } from './gaps.ts';
import { createProc } from './proc.ts';

export type MonitorRules = { readonly rules: readonly Rule[]; readonly windows: readonly CompiledWindow[] };

export type MonitorOptions = {
  /** The warden program. */
  readonly program: string;
  /** Directory in bpffs for what must outlive every process; without it nothing is pinned. */
  readonly pins?: WardenOptions['pins'];
  /** Host's /proc as this process sees it. */
  readonly procRoot: string;
  /** Compiles the rules for this source of events. */
  load(context: FieldContext): MonitorRules;
  /** The container engine behind its guard; without one containers stay ids. */
  readonly engine?: ContainerEngine;
  /** Event and process are valid during the call only. */
  onMatch(rule: Rule, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
  onWindow(match: WindowMatch, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
  /** Each event before it is decided, for whoever records a trace. */
  onEvent?(event: LiveEvent, context: FieldContext): void;
  onGap(gap: Gap): void;
  /** What the kernel side did by itself: an exec denied, a container held. `process` where it is known. */
  onKernelAct?(record: SensorRecord, process: LiveProcess | undefined): void;
  /** The engine described a container, or it is gone (undefined). */
  onContainer?(id: string, container: Container | undefined, image: string | undefined): void;
  /** Start the sensor anew when it dies, keeping process tree and recorder; without it the monitor ends with its sensor. */
  readonly keep?: { onOutage(outage: Outage): void; onArmed(armed: Armed): void; onFailure(reason: string): void };
  readonly signal: AbortSignal;
};

export type Monitor = {
  readonly context: FieldContext;
  readonly warden: Omit<Warden, 'pid'> & { readonly pid: number | undefined };
  readonly needs: Needs;
  readonly pipeline: Pipeline;
  /** The last events of every container, to be attached to detections. */
  readonly recorder: Recorder;
  /** Ms since 1970 at which the records' clock was 0. */
  readonly boot: number;
  /** Rules in force. */
  readonly rules: MonitorRules;
};

/** Containers whose start is remembered as told. */
const maxStarts = 8192;

/** Ms since 1970 at which the kernel's clock of records was 0, to a hundredth of a second; the sensor tells it exactly. */
function bootTime(): number {
  return Date.now() - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
}

/** Sensor, process tree, containers and rules as one. Resolves when the sensor is armed; throws what startWarden throws. */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { signal, onGap } = options;
  const boot = bootTime();
  const source = { origin: BigInt(Math.round(boot)) * 1_000_000n, hostname: os.hostname() };
  const proc = createProc(options.procRoot);
  const sockets = createSockets();
  let follower: ContainerFollower | undefined;
  const names = createNames((container, file) => {
    const pids = container === 'host' ? [1] : [slots.get(container)?.pid, slots.get(container)?.init, follower?.pid(container)];
    for (const pid of pids) {
      const text = pid === undefined || pid === 0 ? undefined : proc.fileOf(pid, file);
      if (text !== undefined) return text;
    }
    return follower?.imageFile(container, file);
  }, Date.now);
  const began = (Date.now() - boot) * 1e6;
  const starts = new Map<string, number>();
  const recorder = createRecorder();
  const slots = createSlots((id) => follower?.ask(id), recorder.forget);
  const context: FieldContext = { source, names };
  const loaded = options.load(context);
  const enabled = { rules: loaded.rules.filter((rule) => rule.enabled), windows: loaded.windows.filter((rule) => rule.enabled) };
  const needs = needsOf([...enabled.rules, ...enabled.windows.flatMap((rule) => [rule, ...[rule.after, rule.unless].flatMap((mark) => (mark === undefined ? [] : [{ name: rule.name, condition: mark.condition, eventTypes: mark.eventTypes }]))])]);
  const tree = createProcessTree({ slots, sockets, environment: readsEnvironment(enabled.rules), inspect: proc.inspect });
  const pipeline = createPipeline({ tree, slots, sockets, engine: createRuleEngine(enabled.rules, context), windows: createWindowCounter(enabled.windows, context), recorder, holdUnknown: options.engine !== undefined, onResolved: names.resolved, onMatch: options.onMatch, onWindow: options.onWindow, ...(options.onEvent === undefined ? {} : { onEvent: (event: LiveEvent) => options.onEvent?.(event, context) }) });
  if (options.engine !== undefined) {
    follower = followContainers({
      engine: options.engine,
      slots,
      bootTime: boot,
      signal,
      described(id) {
        names.forget(id);
        const container = slots.get(id)?.container;
        if (container !== undefined && container.fullId !== '') options.onContainer?.(container.fullId, container, follower?.image(id));
        pipeline.described(id);
        // Told once a start, and not of those that ran before us.
        if (container?.started === undefined || container.started < began || starts.get(id) === container.started) return;
        if (starts.size >= maxStarts) starts.clear();
        starts.set(id, container.started);
        pipeline.started(id, (Date.now() - boot) * 1e6);
      },
      gone: (id) => options.onContainer?.(id, undefined, undefined),
      lost: (reason) => onGap({ kind: 'engine-absent', subject: 'container engine', since: new Date().toISOString(), reason, count: 1 }),
    });
  }
  const wardenOptions: WardenOptions = {
    program: options.program,
    ...(options.pins === undefined ? {} : { pins: options.pins }),
    calls: needs.calls,
    prefixes: needs.prefixes,
    dns: true,
    onRecord(record) {
      const { kind, pid } = record.header;
      if (kind === kinds.denied || kind === kinds.held) options.onKernelAct?.(record, tree.get(pid));
      if (kind !== kinds.held) pipeline.take(record);
    },
    onLoss: (loss) => {
      for (const gap of lossGap(loss)) onGap(gap);
    },
    signal,
  };
  const { keep } = options;
  const warden = keep === undefined ? await startWarden(wardenOptions) : await keptWarden(wardenOptions, keep, (armed) => {
    if (armed.origin !== undefined) source.origin = BigInt(armed.origin);
  });
  for (const gap of armingGaps(keep === undefined ? warden.armed : { ...warden.armed, gapMs: 0 }, needs)) onGap(gap);
  const sweep = setInterval(() => {
    tree.sweep(proc.alive);
    const unknown = slots.unknown();
    if (unknown.length > 0) onGap(unknownContainerGap(unknown));
  }, 60_000);
  const tick = setInterval(() => pipeline.tick((Date.now() - boot) * 1e6), 100);
  for (const timer of [sweep, tick]) timer.unref();
  signal.addEventListener('abort', () => [sweep, tick].forEach(clearInterval), { once: true });
  if (warden.armed.origin !== undefined) source.origin = BigInt(warden.armed.origin);
  return { context, warden, needs, pipeline, recorder, boot, rules: enabled };
}

/** A warden that is started again whenever it dies; each time without one is told as an outage. */
async function keptWarden(options: WardenOptions, keep: NonNullable<MonitorOptions['keep']>, onArmed: (armed: Armed) => void): Promise<Monitor['warden']> {
  let latest: Armed | undefined;
  const kept = await keepWarden({
    ...options,
    onArmed(armed) {
      latest = armed;
      onArmed(armed);
      keep.onArmed(armed);
    },
    onOutage: keep.onOutage,
    onFailure: keep.onFailure,
  });
  // Ended while it was starting: a listener added now would never be called.
  const ended = options.signal.aborted ? Promise.resolve() : new Promise<void>((resolve) => options.signal.addEventListener('abort', () => resolve(), { once: true }));
  return {
    get armed() {
      return latest as Armed;
    },
    get pid() {
      return kept.pid;
    },
    request: kept.request,
    ended,
    stop: kept.stop,
  };
}

function readsEnvironment(rules: readonly Rule[]): boolean {
  const names = rules.flatMap((rule) => [...rule.fields, ...rule.output.names]);
  return names.some((name) => /\bproc\.a?env\b|\bevt\.(?:raw)?arg\.env\b|\bevt\.args\b|\bevt\.info\b|\bevt\.arg\[/.test(name));
}
