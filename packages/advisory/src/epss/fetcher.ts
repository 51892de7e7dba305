import type { FeedFetcher } from '../feed.ts';

export const fetcher: FeedFetcher = {
  downloads: () => [{ url: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz', name: 'epss.csv.gz' }],
};
