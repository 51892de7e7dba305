import { expect, it } from 'vitest';
import type { Feed } from '../src/feed.ts';
import { feeds } from '../src/registry.ts';
import { parseWith } from './kit.ts';

export type FeedCase = {
  readonly id: string;
  readonly feed: Feed;
  /** A small true example: path → text. */
  readonly example: Readonly<Record<string, string>>;
  /** How many records (advisories and CVE facts) are in it. */
  readonly records: number;
};

/** What every feed must do, whatever its format. */
export function acceptFeed({ id, feed, example, records }: FeedCase): void {
  const entries = Object.entries(example).map(([path, text]) => ({ path, bytes: Buffer.from(text) }));
  it('carries the id under which it is registered', () => {
    expect(feed.parser.id).toBe(id);
    expect(feeds[id]).toBe(feed);
  });
  it('recognises its example and nobody else does', () => {
    expect(Object.values(feeds).filter((other) => other.parser.recognise(entries)).map((other) => other.parser.id)).toEqual([id]);
  });
  it('does not recognise nothing, rubbish or another form', () => {
    for (const bytes of ['', '{}', '[]', 'null', '\0\u0001\u0002', 'a: b\n', '{"id": 1}']) expect(feed.parser.recognise([{ path: 'x.json', bytes: Buffer.from(bytes) }])).toBe(false);
    expect(feed.parser.recognise([])).toBe(false);
  });
  it('reads every record of its example, each named and about something', async () => {
    const read = await parseWith(feed.parser, example);
    expect(read.advisories.length + read.cves.length).toBe(records);
    expect(read.broken).toEqual([]);
    for (const record of read.advisories) {
      expect(record.id).not.toBe('');
      expect(record.affected.length).toBeGreaterThan(0);
      for (const one of record.affected) expect(read.coverage.has(one.ecosystem)).toBe(true);
    }
  });
  it('stops when it is told to', async () => {
    const input = { name: 'x', async *entries() { yield* entries; } };
    const nothing = (): void => {};
    await expect(feed.parser.parse(input, { advisory: nothing, cve: nothing, skip: nothing, broken: nothing, dated: nothing, covers: nothing }, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
  });
  it('fetches by https only, into names of its own', () => {
    for (const { url, name } of feed.fetcher.downloads({ ecosystems: ['npm', 'Rocky Linux'] })) {
      expect(new URL(url).protocol).toBe('https:');
      expect(name).toMatch(/^[a-z0-9][a-z0-9.-]+$/);
    }
  });
}
