/** One persistent collection: values with the time they expire (ms since the epoch). */
export type Stored = Map<string, { value: string; expires: number }>;
/** Where persistent collections live; injected, so that workers can share one. */
export type Store = { open(collection: string, key: string): Stored };

/** A store in memory, bounded: the oldest collection goes when the limit is reached. */
export function memoryStore(limit = 100_000): Store {
  const all = new Map<string, Stored>();
  return {
    open(collection, key) {
      const name = `${collection}\0${key}`;
      const known = all.get(name);
      if (known !== undefined) return known;
      if (all.size >= limit) all.delete(all.keys().next().value!);
      const made: Stored = new Map();
      all.set(name, made);
      return made;
    },
  };
}
