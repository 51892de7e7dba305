import type { AdvisoryRecord, CveFacts } from './record.ts';

/** One file of a source. */
export type Entry = { readonly path: string; readonly bytes: Buffer };

/** A source as opened: a file, a directory or an archive, always seen as a stream of entries. */
export type FeedInput = { readonly name: string; entries(): AsyncIterable<Entry> };

/** Where a parser puts what it read. Nothing is dropped without a word: what is not taken over is skipped with a reason. */
export type Sink = {
  advisory(record: AdvisoryRecord): void;
  cve(facts: CveFacts): void;
  skip(reason: string, count?: number): void;
  /** A record that cannot be read: named, and the source's coverage becomes partial. */
  broken(where: string, cause: string): void;
  /** The source's own date (ISO 8601), where it names one; else the newest record's date stands for it. */
  dated(date: string): void;
  /** An ecosystem of which this source tells everything, or why not. Undeclared ecosystems with records are complete. */
  covers(ecosystem: string, coverage: 'complete' | { readonly partial: string }): void;
};

/** Tells a feed by a few of its entries, and turns entries into records. Pure: no network, no clock. */
export type FeedParser = {
  readonly id: string;
  /** True when most of these first entries are of this feed's form. */
  recognise(entries: readonly Entry[]): boolean;
  parse(input: FeedInput, sink: Sink, signal: AbortSignal): Promise<void>;
};

/** One file that a feed's publisher offers by https. `name` is the file name it is stored under. */
export type Download = { readonly url: string; readonly name: string };

export type FeedFetcher = { downloads(options: { readonly ecosystems: readonly string[] }): readonly Download[] };

export type Feed = { readonly parser: FeedParser; readonly fetcher: FeedFetcher; readonly title: string };
