import type { FeedFetcher } from '../feed.ts';

export const fetcher: FeedFetcher = {
  downloads: () => [{ url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json', name: 'kev.json' }],
};
