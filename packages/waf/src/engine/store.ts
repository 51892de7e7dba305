/** One persistent collection: values with the time they expire (ms since the epoch). */
export type Stored = Map<string, { value: string; expires: number }>;
/** Where persistent collections live; injected, so that workers can share one. `find` doesn't make one: most are never written to. */
export type Store = { open(collection: string, key: string): Stored; find(collection: string, key: string): Stored | undefined };

/** A store in memory, bounded: the oldest collection goes when the limit is reached. */
export function memoryStore(limit = 100_000): Store {
  const all = new Map<string, Stored>();
  return {
    find: (collection, key) => (all.size === 0 ? undefined : all.get(`${collection}\0${key}`)),
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

type Persistent = { readonly options: { readonly store: Store }; readonly persistent: Map<string, { readonly key: string; values: Stored | undefined }> };

/** What a collection holds that a transaction opened; undefined where it opened none or nobody wrote to it yet. */
export function storedIn({ options, persistent }: Persistent, collection: string): Stored | undefined {
  const open = persistent.get(collection);
  if (open === undefined) return collection === 'GLOBAL' ? options.store.find('GLOBAL', 'global') : undefined;
  return (open.values ??= options.store.find(collection, open.key));
}

/** The same to write to: made where it wasn't there. There is one GLOBAL collection, so that needs no initcol. */
export function storedFor({ options, persistent }: Persistent, collection: string): Stored | undefined {
  let open = persistent.get(collection);
  if (open === undefined && collection === 'GLOBAL') {
    open = { key: 'global', values: undefined };
    persistent.set('GLOBAL', open);
  }
  if (open === undefined) return undefined;
  return (open.values ??= options.store.open(collection, open.key));
}
