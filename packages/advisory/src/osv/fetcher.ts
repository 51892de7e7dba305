import type { FeedFetcher } from '../feed.ts';

/** OSV's public export: one zip an ecosystem (https://google.github.io/osv.dev/data/). */
export const fetcher: FeedFetcher = {
  downloads: ({ ecosystems }) =>
    ecosystems.map((ecosystem) => ({
      url: `https://osv-vulnerabilities.storage.googleapis.com/${encodeURIComponent(ecosystem)}/all.zip`,
      name: `osv-${ecosystem.toLowerCase().replace(/[^a-z0-9.]+/g, '-')}.zip`,
    })),
};
