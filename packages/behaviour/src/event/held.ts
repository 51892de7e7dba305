import type { Slot } from '../container/slots.ts';
import type { SensorRecord } from '../decode.ts';
import { decodeRecord, emptyRecord } from '../decode.ts';
import type { LiveProcess } from '../process/live-process.ts';

/** Records of containers that the engine has not described yet: a rule about images must not decide on a blank. */
export type Held = {
  /** True: kept for later. False: the container's share is used up, or it waited long enough: decide now. */
  hold(record: SensorRecord, process: LiveProcess): boolean;
  /** Gives the records of a container back, in order. */
  release(id: string): void;
  /** Gives back what has waited too long. `now` on the records' clock, ns. */
  expire(now: number): void;
};

/**
 * Bytes kept of one container, and ns that records wait for the engine's word: counted from the container's first
 * program, since engines answer nothing while the runtime is still setting it up; but in no case longer than `longest`.
 */
const maxBytes = 512 * 1024;
const patience = 2_000_000_000;
const longest = 5_000_000_000;

type Waiting = { readonly slot: Slot; readonly since: number; running: number; readonly kept: { readonly bytes: Buffer; readonly process: LiveProcess }[]; size: number };

export function createHeld(decide: (record: SensorRecord, process: LiveProcess) => void): Held {
  const waiting = new Map<string, Waiting>();
  const given = new WeakSet<Slot>();
  const record = emptyRecord();

  function giveBack(one: Waiting): void {
    waiting.delete(one.slot.id);
    given.add(one.slot);
    for (const { bytes, process } of one.kept) {
      decodeRecord(bytes, 0, record);
      decide(record, process);
    }
  }

  return {
    hold(from, process) {
      const { slot } = process;
      if (given.has(slot)) return false;
      let one = waiting.get(slot.id);
      if (one === undefined) {
        one = { slot, since: from.header.time, running: Number.POSITIVE_INFINITY, kept: [], size: 0 };
        waiting.set(slot.id, one);
      }
      if (one.running === Number.POSITIVE_INFINITY && !process.comm.startsWith('runc')) one.running = from.header.time;
      one.size += from.header.size;
      if (one.size > maxBytes) {
        giveBack(one);
        return false;
      }
      one.kept.push({ bytes: Buffer.from(from.bytes.subarray(from.at, from.at + from.header.size)), process });
      return true;
    },
    release(id) {
      const one = waiting.get(id);
      if (one !== undefined) giveBack(one);
    },
    expire(now) {
      for (const one of waiting.values()) if (now - one.running > patience || now - one.since > longest) giveBack(one);
    },
  };
}
