import { CORE_SCHEMA, load } from 'js-yaml';
import { z } from 'zod';
import { messageOf } from '@palisade/model/error';
import type { Entry, FeedParser, Sink } from '../feed.ts';

// One file a repository: which version of a package fixed what. JSON since 2020, YAML before; Wolfi and Chainguard
// publish the same form without a release.
const Database = z.looseObject({
  distroversion: z.string().nullish(),
  urlprefix: z.string().nullish(),
  packages: z
    .array(z.looseObject({ pkg: z.looseObject({ name: z.string(), secfixes: z.record(z.string(), z.array(z.string()).nullable()).nullish() }) }))
    .nullable(),
});

export const parser: FeedParser = {
  id: 'alpine-secdb',
  recognise(entries) {
    const data = entries.filter((entry) => wanted(entry.path));
    const ours = data.filter((entry) => looksLikeSecdb(entry));
    return ours.length > 0 && ours.length * 2 > data.length;
  },
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (wanted(entry.path)) parseDatabase(entry, sink);
    }
  },
};

function parseDatabase(entry: Entry, sink: Sink): void {
  let database: z.infer<typeof Database>;
  try {
    const text = entry.bytes.toString('utf8');
    database = Database.parse(/\.json$/i.test(entry.path) ? JSON.parse(text) : load(text, { schema: CORE_SCHEMA }));
  } catch (error) {
    sink.broken(entry.path, messageOf(error));
    return;
  }
  const ecosystem = ecosystemOf(database.distroversion ?? '', database.urlprefix ?? '');
  if (ecosystem === undefined) {
    sink.broken(entry.path, 'neither distroversion nor a known urlprefix says whose it is');
    return;
  }
  // A line a fix: what is open stands nowhere in it.
  sink.covers(ecosystem, { partial: 'only fixed issues; open ones are not listed' });
  for (const { pkg } of database.packages ?? []) {
    // A vulnerability may be fixed twice, when the first fix was not whole: the later line stands.
    for (const [fixed, issues] of Object.entries(pkg.secfixes ?? {})) {
      for (const issue of issues ?? []) take(ecosystem, pkg.name, fixed, issue, sink);
    }
  }
}

// "CVE-2019-14697", or several names of one issue: "CVE-2018-19961 XSA-275".
function take(ecosystem: string, name: string, fixed: string, issue: string, sink: Sink): void {
  // Version 0: the distribution checked, and its package was never affected.
  if (fixed === '0') {
    sink.skip('not affected, says the database');
    return;
  }
  // "CVE 2018-16859" stands in the data too.
  const names = issue.replace(/\bCVE (?=\d{4}-)/g, 'CVE-').split(/[\s,;()]+/).filter((one) => /^[A-Z][A-Z0-9]*-[\w-]+$/i.test(one));
  const id = names.find((one) => one.startsWith('CVE-')) ?? names[0];
  if (id === undefined) {
    sink.skip('fix without the name of an issue');
    return;
  }
  sink.advisory({
    id,
    part: `${ecosystem} ${name} ${fixed}`,
    aliases: names.filter((one) => one !== id && !one.startsWith('CVE-')),
    upstream: [],
    summary: '',
    details: '',
    published: '',
    modified: '',
    vectors: [],
    references: id.startsWith('CVE-') && ecosystem.startsWith('Alpine') ? [`https://security.alpinelinux.org/vuln/${id}`] : [],
    affected: [{ ecosystem, name, ranges: [[{ introduced: '0' }, { fixed }]], versions: [] }],
  });
}

function ecosystemOf(distroversion: string, urlprefix: string): string | undefined {
  if (/^(?:v\d+\.\d+|edge)/.test(distroversion)) return `Alpine:${distroversion}`;
  if (urlprefix.includes('wolfi')) return 'Wolfi';
  if (urlprefix.includes('chainguard') || urlprefix.includes('cgr.dev')) return 'Chainguard';
  return undefined;
}

function wanted(path: string): boolean {
  return /\.(?:json|ya?ml)$/i.test(path);
}

function looksLikeSecdb(entry: Entry): boolean {
  const head = entry.bytes.subarray(0, 4000).toString('utf8');
  return /^\s*"?(?:distroversion|urlprefix|apkurl)"?\s*:/m.test(head.replace(/[{,]/g, '\n')) && /"?packages"?\s*:/.test(entry.bytes.toString('latin1'));
}
