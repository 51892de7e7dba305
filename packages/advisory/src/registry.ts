import type { Feed } from './feed.ts';
import * as alpineSecdb from './alpine-secdb/fetcher.ts';
import * as alpineSecdbParser from './alpine-secdb/parser.ts';
import * as debianLists from './debian-lists/fetcher.ts';
import * as debianListsParser from './debian-lists/parser.ts';
import * as debianTracker from './debian-tracker/fetcher.ts';
import * as debianTrackerParser from './debian-tracker/parser.ts';
import * as epss from './epss/fetcher.ts';
import * as epssParser from './epss/parser.ts';
import * as exploitdbIndex from './exploitdb-index/fetcher.ts';
import * as exploitdbIndexParser from './exploitdb-index/parser.ts';
import * as kev from './kev/fetcher.ts';
import * as kevParser from './kev/parser.ts';
import * as osv from './osv/fetcher.ts';
import * as osvParser from './osv/parser.ts';

/** Every feed, in the order in which a bare path is tried. The key is the folder and the KIND of `feed build`. */
export const feeds: Readonly<Record<string, Feed>> = {
  kev: { parser: kevParser.parser, fetcher: kev.fetcher, title: 'CISA KEV' },
  epss: { parser: epssParser.parser, fetcher: epss.fetcher, title: 'FIRST EPSS' },
  'exploitdb-index': { parser: exploitdbIndexParser.parser, fetcher: exploitdbIndex.fetcher, title: 'Exploit-DB index' },
  'debian-tracker': { parser: debianTrackerParser.parser, fetcher: debianTracker.fetcher, title: 'Debian security tracker' },
  'debian-lists': { parser: debianListsParser.parser, fetcher: debianLists.fetcher, title: 'Debian DSA and DLA lists' },
  'alpine-secdb': { parser: alpineSecdbParser.parser, fetcher: alpineSecdb.fetcher, title: 'Alpine secdb' },
  osv: { parser: osvParser.parser, fetcher: osv.fetcher, title: 'OSV' },
};
