import type { FeedFetcher } from '../feed.ts';

/** OSV's Alpine export is the same data with dates and texts, so it is what `feed pull` takes. */
export const fetcher: FeedFetcher = { downloads: () => [] };
