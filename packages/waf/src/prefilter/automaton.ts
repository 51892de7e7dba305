/** Bits of the owners whose literals occur in a value. */
export type Automaton = { readonly words: number; scan(value: string): Uint32Array };

/** One Aho-Corasick automaton over lower-case literals of many owners; the value is folded while it is read. */
export function buildAutomaton(entries: readonly { readonly owner: number; readonly literals: readonly string[] }[], owners: number): Automaton {
  const words = (owners + 31) >> 5;
  const next: Map<number, number>[] = [new Map()];
  const own: (number[] | undefined)[] = [undefined];
  const classes = new Uint16Array(256);
  let alphabet = 1;
  for (const { owner, literals } of entries) {
    for (const literal of literals) {
      let state = 0;
      for (let at = 0; at < literal.length; at += 1) {
        const code = literal.charCodeAt(at);
        if (classes[code] === 0) {
          classes[code] = alphabet;
          alphabet += 1;
        }
        let to = next[state]!.get(classes[code]!);
        if (to === undefined) {
          to = next.length;
          next.push(new Map());
          own.push(undefined);
          next[state]!.set(classes[code]!, to);
        }
        state = to;
      }
      (own[state] ??= []).push(owner);
    }
  }
  for (let upper = 65; upper <= 90; upper += 1) classes[upper] = classes[upper + 32]!;
  const table = new Int32Array(next.length * alphabet);
  const outputs: (Uint32Array | undefined)[] = [];
  const fail = new Int32Array(next.length);
  const queue: number[] = [0];
  for (let head = 0; head < queue.length; head += 1) {
    const state = queue[head]!;
    const inherited = state === 0 ? undefined : outputs[fail[state]!];
    const mine = own[state];
    if (mine === undefined) outputs[state] = inherited;
    else {
      const bits = inherited?.slice() ?? new Uint32Array(words);
      for (const owner of mine) bits[owner >> 5]! |= 1 << (owner & 31);
      outputs[state] = bits;
    }
    for (let symbol = 0; symbol < alphabet; symbol += 1) {
      const to = next[state]!.get(symbol);
      const back = state === 0 ? 0 : table[fail[state]! * alphabet + symbol]!;
      if (to === undefined) table[state * alphabet + symbol] = back;
      else {
        table[state * alphabet + symbol] = to;
        fail[to] = back;
        queue.push(to);
      }
    }
  }
  const empty = new Uint32Array(words);
  return {
    words,
    scan(value) {
      let state = 0;
      let bits: Uint32Array | undefined;
      let seen: Uint32Array | undefined;
      for (let at = 0; at < value.length; at += 1) {
        state = table[state * alphabet + classes[value.charCodeAt(at) & 255]!]!;
        const output = outputs[state];
        if (output === undefined || output === seen) continue;
        seen = output;
        bits ??= new Uint32Array(words);
        for (let word = 0; word < words; word += 1) bits[word]! |= output[word]!;
      }
      return bits ?? empty;
    },
  };
}
