import type { Content } from '../content.ts';
import { sliceContent } from '../content.ts';

// How far to read ahead: little after a jump over a body nobody wants, ever more while everything is wanted. Most bodies
// are small: over 69,812 entries of a Debian image 16 KiB took 13,822 reads, 4 KiB 30,584 (185 and 203 ms of CPU).
const shortest = 16 << 10;
const longest = 256 << 10;
/** Bodies up to this size are handed out as a view of the window, without a copy. */
const resident = 64 << 10;

/** One reused buffer that slides over a content: what lies together is read together. */
export type Window = {
  /** A view that holds until the next call for bytes outside of it; fewer bytes only at the end of the content. */
  at(position: number, length: number): Buffer;
  /** The body of one entry, to be used before the next entry is asked for. */
  body(position: number, size: number): Content;
};

export function windowOver(content: Content): Window {
  let buffer = Buffer.allocUnsafe(longest);
  let start = 0;
  let filled = 0;
  let ahead = shortest;

  const at = (position: number, length: number): Buffer => {
    if (position < start || position + length > start + filled) move(position, length);
    return buffer.subarray(position - start, Math.min(position - start + length, filled));
  };

  const move = (position: number, length: number): void => {
    const goesOn = position >= start && position <= start + filled;
    ahead = goesOn ? Math.min(longest, ahead * 2) : shortest;
    const kept = goesOn ? start + filled - position : 0;
    const wanted = Math.max(length, ahead);
    if (wanted > buffer.length) {
      const larger = Buffer.allocUnsafe(wanted);
      buffer.copy(larger, 0, filled - kept, filled);
      buffer = larger;
    } else buffer.copyWithin(0, filled - kept, filled);
    start = position;
    filled = kept + content.readInto(position + kept, buffer, kept, wanted - kept);
  };

  return {
    at,
    body(position, size) {
      if (size > resident) return sliceContent(content, position, size);
      const whole = (): Buffer => at(position, size);
      return {
        size,
        read: (offset, length) => whole().subarray(offset, offset + length),
        readInto: (offset, target, to, length) => whole().copy(target, to, offset, offset + length),
        close: () => {},
      };
    },
  };
}
