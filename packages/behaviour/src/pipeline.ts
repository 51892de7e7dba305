import type { RuleEngine } from '@palisade/syscall-rules/engine';
import type { Rule } from '@palisade/syscall-rules/rule';
import type { WindowCounter, WindowMatch } from '@palisade/syscall-rules/windowed/count';
import type { SensorRecord } from './decode.ts';
import { bytesOf, emptyRecord } from './decode.ts';
import { kinds, tags } from './decode.gen.ts';
import type { Slot, Slots } from './container/slots.ts';
import type { Sockets } from './descriptor/sockets.ts';
import { parseDns } from './dns/message.ts';
import { rememberConnection } from './event/connections.ts';
import { createHeld } from './event/held.ts';
import { LiveEvent } from './event/live-event.ts';
import type { Recorder } from './recorder/recorder.ts';
import type { ProcessTree } from './process/tree.ts';
import { LiveProcess } from './process/live-process.ts';
import { Program } from './process/program.ts';

export type PipelineOptions = {
  readonly tree: ProcessTree;
  readonly slots: Slots;
  readonly sockets: Sockets;
  readonly engine: RuleEngine;
  readonly windows: WindowCounter;
  /** Where every container's last events are kept; without one nothing is. */
  readonly recorder?: Recorder;
  /** Hold records of containers that nobody has described yet, for at most two seconds. */
  readonly holdUnknown: boolean;
  /** An answer that passed over the wire. */
  onResolved(host: string, addresses: readonly string[]): void;
  /** A rule is true of the event. Event and process are valid during the call only. */
  onMatch(rule: Rule, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
  onWindow(match: WindowMatch, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
  /** Each event before it is decided, for whoever records a trace. */
  onEvent?(event: LiveEvent): void;
};

export type Pipeline = {
  /** Follows one record and decides it. */
  take(record: SensorRecord): void;
  /** The engine has described a container: what was held for it is decided. */
  described(id: string): void;
  /** A container has started, at `now` on the records' clock, and is described: rules about `evt.type=container` see it. */
  started(id: string, now: number): void;
  /** Call now and then, with the time on the records' clock in ns: nothing is held for longer than two seconds. */
  tick(now: number): void;
  readonly events: number;
};

/** Record to rules: process tree, connections, event, decision. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { tree, sockets, engine, windows, recorder, slots } = options;
  let event: LiveEvent | undefined;
  let events = 0;
  const held = createHeld(decide);

  function decide(record: SensorRecord, process: LiveProcess): void {
    event ??= new LiveEvent(process, sockets);
    if (event.take(record, process)) decided(event, record, process);
  }

  function decided(event: LiveEvent, record: SensorRecord, process: LiveProcess): void {
    events += 1;
    options.onEvent?.(event);
    for (const rule of engine.decide(event)) options.onMatch(rule, event, process, record);
    for (const match of windows.count(event)) options.onWindow(match, event, process, record);
  }

  /** Who asked a name is in the record only of questions; where it is not known, the container's first process speaks for it. */
  function speaker(slot: Slot, pid: number): LiveProcess {
    const asker = tree.get(pid);
    if (asker?.slot === slot) return asker;
    return tree.get(slot.init) ?? new LiveProcess(0, 0, 0, `container:${slot.id}`, new Program({ exepath: '', slot }), slot, undefined, tree.get);
  }

  function resolved(record: SensorRecord): void {
    if (record.header.arg0 !== 1) return;
    const bytes = bytesOf(record, tags.dns);
    const message = bytes === undefined ? undefined : parseDns(bytes);
    if (message !== undefined && message.addresses.length > 0) options.onResolved(message.question, message.addresses);
  }

  return {
    get events() {
      return events;
    },
    described: held.release,
    started(id, now) {
      const slot = slots.get(id);
      if (slot === undefined) return;
      const process = speaker(slot, slot.init);
      event ??= new LiveEvent(process, sockets);
      event.takeStart(process, now);
      decided(event, emptyRecord(), process);
    },
    tick: held.expire,
    take(record) {
      const { kind } = record.header;
      if (kind === kinds.dns) resolved(record);
      if (kind === kinds.dns || kind === kinds.denied) {
        const slot = slots.of(record.header.cgroup, record.header.time, () => record.header.container);
        recorder?.add(record, slot);
        if (kind === kinds.dns && record.header.arg0 === 0) decide(record, speaker(slot, record.header.pid));
        return;
      }
      const process = tree.follow(record);
      if (kind === kinds.task) return;
      recorder?.add(record, process.slot);
      rememberConnection(record, sockets);
      if (isOwn(process) && (process.slot.known || !options.holdUnknown || !held.hold(record, process))) decide(record, process);
      if (kind === kinds.exit) tree.end(process);
    },
  };
}

/**
 * A runtime sets a container up from within: its helper joins the cgroup and opens, mounts and links before the
 * container's first program runs. What it does is not the container's doing.
 */
function isOwn(process: LiveProcess): boolean {
  return process.program.slot === process.slot || process.slot.id === 'host';
}
