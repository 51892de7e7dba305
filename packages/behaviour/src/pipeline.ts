import type { RuleEngine } from '@palisade/syscall-rules/engine';
import type { Rule } from '@palisade/syscall-rules/rule';
import type { WindowCounter, WindowMatch } from '@palisade/syscall-rules/windowed/count';
import type { SensorRecord } from './decode.ts';
import { kinds } from './decode.gen.ts';
import type { Slots } from './container/slots.ts';
import type { Sockets } from './descriptor/sockets.ts';
import { rememberConnection } from './event/connections.ts';
import { LiveEvent } from './event/live-event.ts';
import type { ProcessTree } from './process/tree.ts';
import type { LiveProcess } from './process/live-process.ts';

export type PipelineOptions = {
  readonly tree: ProcessTree;
  readonly slots: Slots;
  readonly sockets: Sockets;
  readonly engine: RuleEngine;
  readonly windows: WindowCounter;
  /** A rule is true of the event. Event and process are valid during the call only. */
  onMatch(rule: Rule, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
  onWindow(match: WindowMatch, event: LiveEvent, process: LiveProcess, record: SensorRecord): void;
};

export type Pipeline = {
  /** Follows one record and decides it. */
  take(record: SensorRecord): void;
  readonly events: number;
};

/** Record to rules: process tree, connections, event, decision. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { tree, sockets, engine, windows } = options;
  let event: LiveEvent | undefined;
  let events = 0;
  return {
    get events() {
      return events;
    },
    take(record) {
      const { kind } = record.header;
      if (kind === kinds.dns || kind === kinds.denied) return;
      const process = tree.follow(record);
      if (kind === kinds.task) return;
      rememberConnection(record, sockets);
      event ??= new LiveEvent(process, sockets);
      if (event.take(record, process) && isOwn(process)) {
        events += 1;
        const matched = engine.decide(event);
        for (const rule of matched) options.onMatch(rule, event, process, record);
        for (const match of windows.count(event)) options.onWindow(match, event, process, record);
      }
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
