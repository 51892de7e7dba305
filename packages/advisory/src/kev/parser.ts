import { z } from 'zod';
import { messageOf } from '@palisade/model/error';
import { feedError } from '../error.ts';
import type { FeedParser } from '../feed.ts';

const Catalog = z.looseObject({
  dateReleased: z.string().optional(),
  catalogVersion: z.string().optional(),
  vulnerabilities: z.array(z.looseObject({ cveID: z.string(), dateAdded: z.string().default(''), dueDate: z.string().default(''), requiredAction: z.string().default(''), knownRansomwareCampaignUse: z.string().default('') })),
});

/** CISA's catalogue of vulnerabilities known to be exploited. */
export const parser: FeedParser = {
  id: 'kev',
  recognise: (entries) => entries.length < 8 && entries.some((entry) => /"catalogVersion"|"dateReleased"/.test(entry.bytes.subarray(0, 2000).toString('utf8')) && entry.bytes.subarray(0, 8000).includes('cveID')),
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (!entry.bytes.subarray(0, 8000).includes('cveID')) continue;
      let catalog: z.infer<typeof Catalog>;
      try {
        catalog = Catalog.parse(JSON.parse(entry.bytes.toString('utf8')));
      } catch (error) {
        throw feedError('feed-malformed', `${entry.path}: ${messageOf(error).slice(0, 300)}`, { file: entry.path }, error);
      }
      if (catalog.dateReleased !== undefined) sink.dated(catalog.dateReleased);
      for (const one of catalog.vulnerabilities) {
        sink.cve({ id: one.cveID, kev: { added: one.dateAdded, due: one.dueDate, action: one.requiredAction, ransomware: one.knownRansomwareCampaignUse.toLowerCase() === 'known' } });
      }
    }
  },
};
