import type { FeedFetcher } from '../feed.ts';

export const fetcher: FeedFetcher = {
  downloads: () => [{ url: 'https://security-tracker.debian.org/tracker/data/json', name: 'debian-tracker.json' }],
};
