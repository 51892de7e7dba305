import { createRuleEngine } from '../engine.ts';
import type { Event, EventSource } from '../event.ts';
import type { FieldContext } from '../fields/field.ts';
import type { Rule } from '../rule.ts';
import type { WindowMatch } from '../windowed/count.ts';
import { createWindowCounter } from '../windowed/count.ts';
import type { CompiledWindow } from '../windowed/load.ts';
import { openTrace } from './read.ts';

/** What a trace is decided with. `onMatch` and `onWindow` see the event during the call only. */
export type ReplayOptions = {
  readonly file: string;
  /** Compiles the rules for the trace's own clock and host; undefined: they do not load, and nothing is decided. */
  load(source: EventSource): { readonly rules: readonly Rule[]; readonly windows: readonly CompiledWindow[]; readonly context: FieldContext } | undefined;
  onMatch(rule: Rule, event: Event): void;
  onWindow(match: WindowMatch, event: Event): void;
};

/**
 * Decides a trace line by line, as the agent decides live events. `line` answers false once the rules did not load, and
 * throws PalisadeError `trace` with file and line.
 */
export function createReplay(options: ReplayOptions): { line(text: string): boolean; readonly begun: boolean; readonly events: number } {
  let reader: ReturnType<typeof openTrace> | undefined;
  let decide: ((event: Event) => void) | undefined;
  let events = 0;
  return {
    get begun() {
      return reader !== undefined;
    },
    get events() {
      return events;
    },
    line(text) {
      if (reader === undefined) {
        reader = openTrace(options.file, text);
        decide = deciderOf(options, reader.source);
        return decide !== undefined;
      }
      const event = reader.read(text);
      if (event !== undefined && decide !== undefined) {
        events += 1;
        decide(event);
      }
      return decide !== undefined;
    },
  };
}

function deciderOf(options: ReplayOptions, source: EventSource): ((event: Event) => void) | undefined {
  const loaded = options.load(source);
  if (loaded === undefined) return undefined;
  const engine = createRuleEngine(loaded.rules, loaded.context);
  const counter = createWindowCounter(loaded.windows, loaded.context);
  return (event) => {
    for (const rule of engine.decide(event)) options.onMatch(rule, event);
    for (const match of counter.count(event)) options.onWindow(match, event);
  };
}
