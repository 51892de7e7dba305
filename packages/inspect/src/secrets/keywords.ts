/** Finds which of many keywords occur in a run of bytes, in one pass, ASCII letters in any case (Aho-Corasick). */
export type KeywordFinder = {
  /** Adds the index of every keyword found to `found`. */
  find(bytes: Uint8Array, found: Set<number>): void;
};

/** Builds the automaton. `keywords` are compared in lower case; an empty one is found everywhere. */
export function keywordFinder(keywords: readonly string[]): KeywordFinder {
  const width = 256;
  const children: Map<number, number>[] = [new Map()];
  const ends: number[][] = [[]];
  keywords.forEach((keyword, index) => {
    let state = 0;
    for (const byte of Buffer.from(keyword.toLowerCase())) {
      let next = children[state]?.get(byte);
      if (next === undefined) {
        next = children.push(new Map()) - 1;
        ends.push([]);
        children[state]?.set(byte, next);
      }
      state = next;
    }
    ends[state]?.push(index);
  });
  const table = new Uint32Array(children.length * width);
  const failure = new Uint32Array(children.length);
  const queue: number[] = [];
  for (const [byte, next] of children[0] ?? []) {
    table[byte] = next;
    queue.push(next);
  }
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head] ?? 0;
    const fallback = failure[state] ?? 0;
    ends[state]?.push(...(ends[fallback] ?? []));
    table.copyWithin(state * width, fallback * width, (fallback + 1) * width);
    for (const [byte, next] of children[state] ?? []) {
      failure[next] = table[fallback * width + byte] ?? 0;
      table[state * width + byte] = next;
      queue.push(next);
    }
  }
  for (let state = 0; state < children.length; state += 1) {
    for (let byte = 65; byte <= 90; byte += 1) table[state * width + byte] = table[state * width + byte + 32] ?? 0;
  }
  const ending = Uint8Array.from(ends, (found) => (found.length > 0 ? 1 : 0));
  const everywhere = ends[0] ?? [];
  return {
    find(bytes, found) {
      for (const index of everywhere) found.add(index);
      let state = 0;
      for (let at = 0; at < bytes.length; at += 1) {
        state = table[state * width + (bytes[at] ?? 0)] ?? 0;
        if (ending[state] === 1) for (const index of ends[state] ?? []) found.add(index);
      }
    },
  };
}
