import type { Slot } from '../container/slots.ts';
import type { SensorRecord } from '../decode.ts';
import { decodeRecord, emptyRecord } from '../decode.ts';
import { firstSyscall, kinds, syscalls } from '../decode.gen.ts';
import type { RecordedEvent } from './recorded-event.ts';
import { recordedEvent } from './recorded-event.ts';

/** What a detection carries of its container's past and near future. Seconds are what is really held, not what was asked. */
export type Recording = { readonly secondsBefore: number; readonly secondsAfter: number; readonly dropped: boolean; readonly events: readonly RecordedEvent[] };

export type Recorder = {
  /** Keeps a record of the base set; others are left alone. */
  add(record: SensorRecord, slot: Slot): void;
  /** Everything held of a container between `before` seconds before and `after` seconds after `time` (ns since boot). */
  around(container: string, time: number, before: number, after: number): Recording;
  /** The container is gone: its space goes to the others. */
  forget(container: string): void;
  /** Bytes in use. */
  readonly bytes: number;
};

/** Space is handed out and taken back in pieces of this size. */
const pieceSize = 64 * 1024;
export const recorderBudget = 40 * 1024 * 1024;

type Piece = { readonly bytes: Buffer; used: number; first: number; last: number };
type Track = { readonly pieces: Piece[]; readonly since: number; dropped: boolean };

const plain = new Set(['connect', 'accept', 'accept4', 'creat', 'rename', 'renameat', 'renameat2', 'setuid', 'setreuid', 'setresuid'].map((name) => firstSyscall + syscalls.findIndex((call) => call.name === name)));
/** Opens, and which argument has their flags: those that may write are kept. */
const opens: ReadonlyMap<number, 'arg1' | 'arg2'> = new Map([['open', 'arg1'], ['openat', 'arg2'], ['openat2', 'arg2']].map(([name, flags]) => [firstSyscall + syscalls.findIndex((call) => call.name === name), flags as 'arg1' | 'arg2']));

function belongs(record: SensorRecord): boolean {
  const { header } = record;
  const { kind } = header;
  if (kind === kinds.exec || kind === kinds.exit || kind === kinds.dns || kind === kinds.denied) return true;
  if (kind < firstSyscall) return false;
  const flagsAt = opens.get(kind);
  if (flagsAt !== undefined) return header.result >= 0 && (header[flagsAt] & 3) !== 0;
  return plain.has(kind);
}

/**
 * The last events of each container, whatever the rules said: within `budget` bytes for the node, which containers share.
 * When it is used up, the one that holds most gives its oldest piece: a loud container shortens its own past first.
 */
export function createRecorder(budget = recorderBudget): Recorder {
  const tracks = new Map<string, Track>();
  const free: Buffer[] = [];
  let pieces = 0;
  const record = emptyRecord();

  function fresh(): Buffer {
    const spare = free.pop();
    if (spare !== undefined) return spare;
    if ((pieces + 1) * pieceSize <= Math.max(budget, pieceSize)) {
      pieces += 1;
      return Buffer.allocUnsafeSlow(pieceSize);
    }
    let longest: Track | undefined;
    for (const track of tracks.values()) if (longest === undefined || track.pieces.length > longest.pieces.length) longest = track;
    const oldest = longest?.pieces.shift();
    if (longest === undefined || oldest === undefined) throw new Error('no piece to give back');
    longest.dropped = true;
    return oldest.bytes;
  }

  return {
    get bytes() {
      return pieces * pieceSize;
    },
    add(from, slot) {
      if (!belongs(from)) return;
      const { size, time } = from.header;
      let track = tracks.get(slot.id);
      if (track === undefined) tracks.set(slot.id, (track = { pieces: [], since: time, dropped: false }));
      let piece = track.pieces.at(-1);
      if (piece === undefined || piece.used + size > pieceSize) {
        const bytes = fresh();
        piece = { bytes, used: 0, first: time, last: time };
        track.pieces.push(piece);
      }
      from.bytes.copy(piece.bytes, piece.used, from.at, from.at + size);
      piece.used += size;
      piece.last = time;
    },
    around(container, time, before, after) {
      const track = tracks.get(container);
      if (track === undefined) return { secondsBefore: 0, secondsAfter: 0, dropped: false, events: [] };
      const [from, to] = [time - before * 1e9, time + after * 1e9];
      const events: RecordedEvent[] = [];
      let last = time;
      for (const piece of track.pieces) {
        if (piece.last < from || piece.first > to) continue;
        for (let at = 0; at < piece.used; at += record.header.size) {
          decodeRecord(piece.bytes.subarray(0, piece.used), at, record);
          const moment = record.header.time;
          if (moment < from || moment > to) continue;
          last = Math.max(last, moment);
          events.push(recordedEvent(record));
        }
      }
      const held = track.dropped ? (track.pieces[0]?.first ?? time) : track.since;
      return { secondsBefore: Math.max(0, Math.min(before, (time - held) / 1e9)), secondsAfter: Math.min(after, (last - time) / 1e9), dropped: track.dropped && held > from, events };
    },
    forget(container) {
      for (const piece of tracks.get(container)?.pieces ?? []) free.push(piece.bytes);
      tracks.delete(container);
    },
  };
}
