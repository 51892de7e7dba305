/** An address in the kernel's bytes as text; v4-mapped v6 addresses as plain v4. `v6`: 16 bytes count, else 4. */
export function addressText(bytes: Uint8Array, at: number, v6: boolean): string {
  if (!v6) return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
  if (isMapped(bytes, at)) return addressText(bytes, at + 12, false);
  const groups = Array.from({ length: 8 }, (_, index) => ((bytes[at + 2 * index] as number) << 8) | (bytes[at + 2 * index + 1] as number));
  let best = -1;
  let length = 1; // a single zero group is not shortened
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (to < 8 && groups[to] === 0) to += 1;
    if (to - from > length) {
      best = from;
      length = to - from;
    }
    if (to > from) from = to - 1;
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`;
}

const known = new Map<number, string>();
/** Peers remembered by their text; beyond, all are forgotten. 60 bytes each. */
const maxKnown = 16_384;

/** An IPv4 address, four bytes in the kernel's order read as one little-endian number, as text. The same peers come again and again. */
export function addressTextV4(address: number): string {
  let text = known.get(address);
  if (text === undefined) {
    text = `${address & 0xff}.${(address >>> 8) & 0xff}.${(address >>> 16) & 0xff}.${address >>> 24}`;
    if (known.size >= maxKnown) known.clear();
    known.set(address, text);
  }
  return text;
}

/** ::ffff:0:0/96 */
export function isMapped(bytes: Uint8Array, at: number): boolean {
  for (let index = 0; index < 10; index += 1) if (bytes[at + index] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

export function isZero(bytes: Uint8Array, at: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) if (bytes[at + index] !== 0) return false;
  return true;
}
