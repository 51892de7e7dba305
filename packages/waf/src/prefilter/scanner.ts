/** Which owners' literals occur in a text, and which byte features it has; the results of the last scan. */
export type Scanner = {
  /** Reads the text once. Afterwards `low`, `high` and `top` are its features and the first `count` of `found` the owners. */
  scan(text: string): void;
  low: number;
  high: number;
  top: number;
  count: number;
  readonly found: Uint16Array;
};

/** A literal of at least two bytes, lower case, and who is told of it. */
type Entry = { readonly literal: string; readonly owners: number[]; /** Where in the literal the neighbours lie that lead to it, and these four bytes as one number (0 for two). */ readonly offset: number; readonly gram: number };

const fold = new Uint8Array(256);
/** How often ordinary text has each byte, roughly. */
const frequency = new Float64Array(256).fill(1);
for (let byte = 0; byte < 256; byte += 1) fold[byte] = byte >= 65 && byte <= 90 ? byte + 32 : byte;
'etaoinsrhldcumfpgwybvkxjqz'.split('').forEach((letter, rank) => void (frequency[letter.charCodeAt(0)] = 120 - 4 * rank));
for (const digit of '0123456789') frequency[digit.charCodeAt(0)] = 60;
for (const mark of ' ./-_=') frequency[mark.charCodeAt(0)] = 40;

const slots = 1 << 15;
const mix = 0x1e3779b1;
const slotOf = (gram: number): number => Math.imul(gram, mix) >>> 17;
/** One bit of a map of 2^18 for each group of four: small enough to stay near, and hardly ever set by chance. */
const bitOf = (gram: number): number => Math.imul(gram, mix) >>> 14;

/** Where the least ordinary `size` neighbours of a literal start: text that holds the literal has them, and ordinary text seldom does. */
function rarest(literal: string, size: number): number {
  let best = 0;
  let least = Infinity;
  for (let at = 0; at + size <= literal.length; at += 1) {
    let common = 1;
    for (let index = at; index < at + size; index += 1) common *= frequency[literal.charCodeAt(index) & 255]!;
    if (common >= least) continue;
    least = common;
    best = at;
  }
  return best;
}

function occursAt(text: string, literal: string, start: number): boolean {
  if (start < 0 || start + literal.length > text.length) return false;
  for (let at = 0; at < literal.length; at += 1) if (fold[text.charCodeAt(start + at) & 255] !== literal.charCodeAt(at)) return false;
  return true;
}

const piece = 4096;
type Tables = { readonly low: Int32Array; readonly high: Int32Array; readonly top: Int32Array; readonly mapFour: Int32Array; readonly mapTwo: Int32Array; readonly places: Int32Array };
/** What is carried from piece to piece. */
const state = { gram: 0, low: 0, high: 0, top: 0 };

function readPiece(text: string, from: number, to: number, { low, high, top, mapFour, mapTwo, places }: Tables): number {
  let { gram, low: lows, high: highs, top: tops } = state;
  let noted = 0;
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at) & 255;
    lows |= low[code]!;
    highs |= high[code]!;
    tops |= top[code]!;
    gram = (gram << 8) | fold[code]!;
    const bit = Math.imul(gram, mix) >>> 14;
    if (((mapFour[bit >> 5]! >> (bit & 31)) & 1) !== 0) {
      places[noted] = at << 1;
      noted += 1;
    }
    if (((mapTwo[(gram & 65_535) >> 5]! >> (gram & 31)) & 1) !== 0) {
      places[noted] = (at << 1) | 1;
      noted += 1;
    }
  }
  state.gram = gram;
  state.low = lows;
  state.high = highs;
  state.top = tops;
  return noted;
}

/**
 * One pass over a text for many literals, case folded. Each literal is reached by four neighbours in it (by two where it
 * is shorter), looked up in tables small enough to stay in the processor's nearest caches, and then compared. The tables
 * of an Aho-Corasick automaton over the same literals have megabytes, and every byte waits for the one before it.
 */
export function buildScanner(entries: readonly { readonly owner: number; readonly literals: readonly string[] }[], owners: number, { low, high, top }: Pick<Tables, 'low' | 'high' | 'top'>): Scanner {
  const byLiteral = new Map<string, Entry>();
  for (const { owner, literals } of entries) {
    for (const literal of literals) {
      const known = byLiteral.get(literal);
      if (known !== undefined) {
        if (!known.owners.includes(owner)) known.owners.push(owner);
        continue;
      }
      const size = literal.length < 4 ? 2 : 4;
      const offset = rarest(literal, size);
      let gram = 0;
      for (let at = offset; at < offset + size; at += 1) gram = (gram << 8) | literal.charCodeAt(at);
      byLiteral.set(literal, { literal, owners: [owner], offset, gram });
    }
  }
  const fours = new Uint16Array(slots);
  const twos = new Uint16Array(1 << 16);
  const mapFour = new Int32Array(1 << 13);
  const mapTwo = new Int32Array(1 << 11);
  const lists: Entry[][] = [[]];
  for (const entry of byLiteral.values()) {
    const [table, slot] = entry.literal.length < 4 ? [twos, entry.gram] : [fours, slotOf(entry.gram)];
    if (table[slot] === 0) {
      table[slot] = lists.length;
      lists.push([]);
    }
    lists[table[slot]!]!.push(entry);
    if (entry.literal.length < 4) mapTwo[entry.gram >> 5]! |= 1 << (entry.gram & 31);
    else mapFour[bitOf(entry.gram) >> 5]! |= 1 << (bitOf(entry.gram) & 31);
  }
  const ownerSeen = new Float64Array(owners);
  const found = new Uint16Array(owners);
  let serial = 0;
  let count = 0;
  function compare(text: string, end: number, size: number): void {
    let gram = 0;
    for (let at = end + 1 - size; at <= end; at += 1) gram = (gram << 8) | fold[text.charCodeAt(at) & 255]!;
    const bucket = lists[size === 4 ? fours[slotOf(gram)]! : twos[gram]!]!;
    for (let index = 0; index < bucket.length; index += 1) {
      const entry = bucket[index]!;
      if (entry.gram !== gram || !occursAt(text, entry.literal, end + 1 - size - entry.offset)) continue;
      for (const owner of entry.owners) {
        if (ownerSeen[owner] === serial) continue;
        ownerSeen[owner] = serial;
        found[count] = owner;
        count += 1;
      }
    }
  }
  // Places that need a closer look, two entries a byte at most. They are looked at after each piece of text, so that the
  // loop over its bytes makes no call and keeps its tables in registers.
  const places = new Int32Array(2 * piece);
  const tables: Tables = { low, high, top, mapFour, mapTwo, places };
  const scanner: Scanner = {
    low: 0, high: 0, top: 0, count: 0, found,
    scan(text) {
      serial += 1;
      count = 0;
      state.gram = 0;
      state.low = 0;
      state.high = 0;
      state.top = 0;
      const { length } = text;
      for (let from = 0; from < length; from += piece) {
        const noted = readPiece(text, from, Math.min(length, from + piece), tables);
        for (let index = 0; index < noted; index += 1) {
          const place = places[index]!;
          // A group of four that begins before the text isn't one: its first bytes are the zeros the loop starts with.
          if ((place & 1) === 1) compare(text, place >> 1, 2);
          else if (place >= 6) compare(text, place >> 1, 4);
        }
      }
      // Where a dot at an end of the text means something, so does a slash: it counts as one.
      if (length > 0 && (text.charCodeAt(0) === 46 || text.charCodeAt(length - 1) === 46)) {
        state.low |= low[47]!;
        state.high |= high[47]!;
        state.top |= top[47]!;
      }
      scanner.low = state.low;
      scanner.high = state.high;
      scanner.top = state.top;
      scanner.count = count;
    },
  };
  return scanner;
}
