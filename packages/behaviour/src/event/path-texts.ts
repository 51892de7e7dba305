import type { SensorRecord } from '../decode.ts';
import { textAt } from '../decode.ts';
import { absolutePath } from './absolute.ts';

// A node opens the same few thousand files over and over. Their names are kept with their bytes, so that a record's
// bytes lead to a text that is there already, whose hash V8 knows.

/** Sets of two places each. What is looked for is in its set or nowhere: other names may push it out, never slow it down. */
const sets = 4096;
/** Longer names are read from the record each time. */
const longest = 128;

export type PathTexts = {
  /** The text of a record's field. */
  text(record: SensorRecord, index: number): string;
  /** The same, "." and ".." taken out, of a path that begins with "/". */
  absolute(record: SensorRecord, index: number): string;
};

/** Texts by their bytes: 1 MiB, and the texts. */
export function createPathTexts(): PathTexts {
  const bytes = Buffer.alloc(2 * sets * longest);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths = new Int32Array(2 * sets).fill(-1);
  const hashes = new Int32Array(2 * sets);
  const texts = Array.from({ length: 2 * sets }, () => '');
  const absolutes = Array.from({ length: 2 * sets }, () => '');
  // Nobody outside can choose names that share a set.
  const seed = Math.trunc(Math.random() * 0x7fffffff) | 1;

  /** The place of a field's bytes; below zero: too long to be kept. */
  function placeOf(record: SensorRecord, index: number): number {
    const length = record.lengths[index] as number;
    if (length > longest) return -1;
    const start = record.starts[index] as number;
    const end = start + length;
    const from = record.view;
    let hash = seed ^ length;
    let at = start;
    for (; at + 4 <= end; at += 4) {
      hash = Math.imul(hash ^ from.getUint32(at, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    for (; at < end; at += 1) hash = Math.imul(hash ^ from.getUint8(at), 0x01000193);
    hash ^= hash >>> 13;
    const first = 2 * (hash & (sets - 1));
    if (isAt(first, hash, from, start, length)) return first;
    if (!isAt(first + 1, hash, from, start, length)) {
      // The one that was looked for last goes second; what is there goes.
      move(first, first + 1);
      put(first, hash, record, start, length, textAt(record, index));
      return first;
    }
    return first + 1;
  }

  function isAt(place: number, hash: number, from: DataView, start: number, length: number): boolean {
    if (hashes[place] !== hash || lengths[place] !== length) return false;
    let own = place * longest;
    let at = start;
    const end = start + length;
    for (; at + 4 <= end; at += 4, own += 4) if (view.getUint32(own, true) !== from.getUint32(at, true)) return false;
    for (; at < end; at += 1, own += 1) if (view.getUint8(own) !== from.getUint8(at)) return false;
    return true;
  }

  function move(from: number, to: number): void {
    bytes.copyWithin(to * longest, from * longest, (from + 1) * longest);
    lengths[to] = lengths[from] as number;
    hashes[to] = hashes[from] as number;
    texts[to] = texts[from] as string;
    absolutes[to] = absolutes[from] as string;
  }

  function put(place: number, hash: number, record: SensorRecord, start: number, length: number, text: string): void {
    record.bytes.copy(bytes, place * longest, start, start + length);
    lengths[place] = length;
    hashes[place] = hash;
    texts[place] = text;
    absolutes[place] = text.startsWith('/') ? absolutePath('/', text) : text;
  }

  return {
    text(record, index) {
      const place = placeOf(record, index);
      return place < 0 ? textAt(record, index) : (texts[place] as string);
    },
    absolute(record, index) {
      const place = placeOf(record, index);
      return place < 0 ? absolutePath('/', textAt(record, index)) : (absolutes[place] as string);
    },
  };
}
