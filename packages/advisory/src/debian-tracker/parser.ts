import { messageOf } from '@palisade/model/error';
import { debianEcosystem } from '../ecosystem/debian-release.ts';
import { feedError } from '../error.ts';
import type { Entry, FeedParser, Sink } from '../feed.ts';
import type { Affected, FixIntent } from '../record.ts';
import { severityOfLabel } from '../severity.ts';

type Release = { readonly status?: unknown; readonly fixed_version?: unknown; readonly urgency?: unknown; readonly nodsa?: unknown; readonly nodsa_reason?: unknown };
type Issue = { readonly description?: unknown; readonly releases?: unknown };

/** The whole security tracker as one JSON object: source package → CVE → release → status. */
export const parser: FeedParser = {
  id: 'debian-tracker',
  recognise: (entries) => entries.some((entry) => /\.json$/i.test(entry.path) && looksLikeTracker(entry)) && entries.length < 8,
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (/\.json$/i.test(entry.path) || !entry.path.includes('.')) parseTracker(entry, sink);
    }
  },
};

function parseTracker(entry: Entry, sink: Sink): void {
  let tracker: unknown;
  try {
    tracker = JSON.parse(entry.bytes.toString('utf8'));
  } catch (error) {
    throw feedError('feed-malformed', `${entry.path}: ${messageOf(error)}`, { file: entry.path }, error);
  }
  if (!isObject(tracker)) throw feedError('feed-malformed', `${entry.path}: expected an object of source packages`, { file: entry.path });
  for (const [name, issues] of Object.entries(tracker)) {
    if (!isObject(issues)) {
      sink.broken(`${entry.path}: ${name}`, 'expected an object of issues');
      continue;
    }
    for (const [id, issue] of Object.entries(issues)) {
      if (isObject(issue)) takeIssue(name, id, issue, sink);
      else sink.broken(`${entry.path}: ${name}: ${id}`, 'expected an object');
    }
  }
}

function takeIssue(name: string, id: string, issue: Issue, sink: Sink): void {
  const affected: Affected[] = [];
  // An issue without releases is written as an empty array.
  for (const [codename, status] of Object.entries(isObject(issue.releases) ? issue.releases : {})) {
    const ecosystem = debianEcosystem(codename);
    sink.covers(ecosystem, 'complete');
    if (!isObject(status)) {
      sink.broken(`${name}: ${id}: ${codename}`, 'expected an object');
      continue;
    }
    const one = affectedOf(ecosystem, name, status);
    if (one === undefined) sink.skip('not affected, says the tracker');
    else affected.push(one);
  }
  if (affected.length === 0) return;
  const description = typeof issue.description === 'string' ? issue.description : '';
  sink.advisory({
    id,
    // The tracker writes one CVE under each of its packages.
    part: name,
    aliases: [],
    upstream: [],
    summary: firstSentence(description),
    details: description,
    published: '',
    modified: '',
    vectors: [],
    references: [`https://security-tracker.debian.org/tracker/${encodeURIComponent(id)}`],
    affected,
  });
}

function affectedOf(ecosystem: string, name: string, release: Release): Affected | undefined {
  const fixed = typeof release.fixed_version === 'string' ? release.fixed_version : '';
  const urgency = severityOfLabel(release.urgency);
  const base = { ecosystem, name, versions: [], ...(urgency === undefined ? {} : { severity: urgency }) };
  if (release.status === 'resolved') {
    // "0" is the tracker's way to say that no version of this release was ever affected.
    if (fixed === '0') return undefined;
    if (fixed === '') return { ...base, ranges: [[{ introduced: '0' }]], undetermined: 'the Debian tracker calls it resolved but names no version' };
    return { ...base, ranges: [[{ introduced: '0' }, { fixed }]] };
  }
  const ranges = [fixed === '' || fixed === '0' ? [{ introduced: '0' }] : [{ introduced: '0' }, { fixed }]];
  if (release.status === 'open') return { ...base, ranges, intent: intentOf(release) };
  return { ...base, ranges, undetermined: `the Debian tracker has not determined it (status ${String(release.status)})` };
}

function intentOf(release: Release): FixIntent {
  if (release.urgency === 'end-of-life' || release.nodsa_reason === 'ignored') return 'wont-fix';
  // no-dsa without a reason: too small for an advisory of its own, may come with a point release.
  if (release.nodsa_reason === 'postponed' || typeof release.nodsa === 'string') return 'deferred';
  return 'not-fixed';
}

function firstSentence(text: string): string {
  const first = /^.{0,200}?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text.slice(0, 200);
  return first.replace(/\s+/g, ' ');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function looksLikeTracker(entry: Entry): boolean {
  // The file is large: its beginning tells enough.
  return /^\s*\{\s*"[^"]+"\s*:\s*\{\s*"(?:CVE-\d{4}-|TEMP-)[^"]+"\s*:\s*\{/.test(entry.bytes.subarray(0, 2000).toString('utf8'));
}
