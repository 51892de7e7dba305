import { commonness } from '../prefilter/requirement.ts';
import type { Requirement } from '../prefilter/requirement.ts';

/** 93 yes-or-no questions "does the value hold a byte of this set", answered in one pass as three masks of 31 bits. */
export type Features = {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly top: Int32Array;
  /** The masks that a value must have all bits of; sets without a question of their own are covered by a larger one or left out. */
  need(sets: readonly Uint8Array[]): Mask;
};
export type Mask = { readonly low: number; readonly high: number; readonly top: number };
export const noBits: Mask = { low: 0, high: 0, top: 0 };
/** Whether the first mask has all bits of the second, and whether it has any. */
export const hasAll = (mask: Mask, { low, high, top }: Mask): boolean => (mask.low & low) === low && (mask.high & high) === high && (mask.top & top) === top;
export const hasAny = (mask: Mask, { low, high, top }: Mask): boolean => ((mask.low & low) | (mask.high & high) | (mask.top & top)) !== 0;
export const isNone = ({ low, high, top }: Mask): boolean => (low | high | top) === 0;
export const both = (one: Mask, other: Mask): Mask => ({ low: one.low | other.low, high: one.high | other.high, top: one.top | other.top });

const isAlphanumeric = (byte: number): boolean => (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
const places = 93;
const keyOf = (set: Uint8Array): string => Buffer.from(set).toString('latin1');
const within = (inner: Uint8Array, outer: Uint8Array): boolean => {
  for (let byte = 0; byte < 256; byte += 1) if (inner[byte] === 1 && outer[byte] !== 1) return false;
  return true;
};

/** Chooses the questions: the triggers of transformations first, then what most rules demand and ordinary text lacks. */
export function chooseFeatures(triggers: readonly Uint8Array[], requirements: readonly Requirement[]): Features {
  const chosen = new Map<string, Uint8Array>(triggers.map((set) => [keyOf(set), set]));
  const wanted = new Map<string, { set: Uint8Array; worth: number }>();
  for (const { sets, literals } of requirements) {
    for (const set of sets) {
      const common = commonness(set);
      // Letters and digits are better asked for as literals.
      if (literals !== undefined && (common > 100 || set.every((member, byte) => member === 0 || isAlphanumeric(byte)))) continue;
      const entry = wanted.get(keyOf(set)) ?? { set, worth: 0 };
      // Rules without a literal have nothing else to be ruled out by.
      entry.worth += (literals === undefined ? 20 : 1) / (1 + common);
      wanted.set(keyOf(set), entry);
    }
  }
  for (const [key, { set }] of [...wanted].sort(([, a], [, b]) => b.worth - a.worth)) {
    if (chosen.size >= places) break;
    chosen.set(key, set);
  }
  const questions = [...chosen.values()].slice(0, places);
  const low = new Int32Array(256);
  const high = new Int32Array(256);
  const top = new Int32Array(256);
  const bit = (index: number): Mask => ({ low: index < 31 ? 1 << index : 0, high: index >= 31 && index < 62 ? 1 << (index - 31) : 0, top: index >= 62 ? 1 << (index - 62) : 0 });
  questions.forEach((set, index) => {
    const mask = bit(index);
    for (let byte = 0; byte < 256; byte += 1) {
      if (set[byte] !== 1) continue;
      low[byte]! |= mask.low;
      high[byte]! |= mask.high;
      top[byte]! |= mask.top;
    }
  });
  return {
    low, high, top,
    need(sets) {
      let needed = noBits;
      for (const set of sets) {
        let best = -1;
        questions.forEach((question, index) => {
          if (within(set, question) && (best < 0 || commonness(question) < commonness(questions[best]!))) best = index;
        });
        if (best < 0) continue;
        needed = both(needed, bit(best));
      }
      return needed;
    },
  };
}
