type Entry<T> = { readonly key: string; readonly value: T; before: Entry<T> | undefined; after: Entry<T> | undefined };

/** A map of at most `limit` keys: where there would be more, the one unused longest goes. */
export class RecentMap<T> {
  private readonly entries = new Map<string, Entry<T>>();
  private readonly limit: number;
  private oldest: Entry<T> | undefined = undefined;
  private newest: Entry<T> | undefined = undefined;
  /** Keys that went for space. */
  forgotten = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Looks without using. */
  peek(key: string): T | undefined {
    return this.entries.get(key)?.value;
  }

  /** The value of a key, used now; `make` gives that of a new one. */
  use(key: string, make: () => T): T {
    const known = this.entries.get(key);
    if (known !== undefined) {
      if (known !== this.newest) {
        this.unlink(known);
        this.append(known);
      }
      return known.value;
    }
    if (this.entries.size >= this.limit && this.oldest !== undefined) {
      this.entries.delete(this.oldest.key);
      this.unlink(this.oldest);
      this.forgotten += 1;
    }
    const entry: Entry<T> = { key, value: make(), before: undefined, after: undefined };
    this.entries.set(key, entry);
    this.append(entry);
    return entry.value;
  }

  private unlink(entry: Entry<T>): void {
    const { before, after } = entry;
    if (before === undefined) this.oldest = after;
    else before.after = after;
    if (after === undefined) this.newest = before;
    else after.before = before;
  }

  private append(entry: Entry<T>): void {
    entry.before = this.newest;
    entry.after = undefined;
    if (this.newest === undefined) this.oldest = entry;
    else this.newest.after = entry;
    this.newest = entry;
  }
}
