import { debianEcosystem } from '../ecosystem/debian-release.ts';
import type { Entry, FeedParser, Sink } from '../feed.ts';
import type { Affected } from '../record.ts';
import { severityOfLabel } from '../severity.ts';

const head = /^\[(\d{1,2}) (\w{3}) (\d{4})\] (D[SL]A-\d+(?:-\d+)?)\s+(\S+)\s*(?:-\s*)?(.*)$/;
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const partial = { partial: 'only issues with a DSA or DLA; open ones are not listed' };

type Draft = { id: string; package: string; title: string; date: string; cves: string[]; affected: Affected[] };

/**
 * The tracker's DSA/list and DLA/list: a head line a notice, then its CVEs in braces and one line a release
 * (https://security-team.debian.org/security_tracker.html).
 */
export const parser: FeedParser = {
  id: 'debian-lists',
  recognise: (entries) => entries.some((entry) => isList(entry)) && entries.length < 8,
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (isList(entry)) parseList(entry, sink);
    }
  },
};

function isList(entry: Entry): boolean {
  return /^\[\d{1,2} \w{3} \d{4}\] D[SL]A-/.test(entry.bytes.subarray(0, 64).toString('latin1'));
}

function parseList(entry: Entry, sink: Sink): void {
  let draft: Draft | undefined;
  let newest = '';
  const lines = entry.bytes.toString('utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const start = head.exec(line);
    if (start !== null) {
      emit(draft, sink);
      const month = months.indexOf(start[2] ?? '') + 1;
      const date = `${start[3]}-${String(month).padStart(2, '0')}-${(start[1] ?? '').padStart(2, '0')}T00:00:00Z`;
      draft = { id: start[4] ?? '', package: start[5] ?? '', title: start[6] ?? '', date, cves: [], affected: [] };
      if (date > newest) newest = date;
    } else if (line.startsWith('[')) {
      emit(draft, sink);
      draft = undefined;
      sink.broken(`${entry.path}:${index + 1}`, `not a notice: ${line.slice(0, 80)}`);
    } else if (draft !== undefined && line.trim() !== '') takeLine(draft, line.trim(), `${entry.path}:${index + 1}`, sink);
  }
  emit(draft, sink);
  if (newest !== '') sink.dated(newest);
}

function takeLine(draft: Draft, line: string, where: string, sink: Sink): void {
  if (line.startsWith('{')) {
    draft.cves.push(...line.replace(/[{}]/g, ' ').trim().split(/\s+/).filter((id) => id !== ''));
    return;
  }
  if (!line.startsWith('[')) return;
  const release = /^\[([\w-]+)\]\s+-\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line);
  if (release === null) {
    sink.broken(where, `not a release line: ${line.slice(0, 80)}`);
    return;
  }
  const [, codename = '', name = '', version = '', note = ''] = release;
  const ecosystem = debianEcosystem(codename);
  sink.covers(ecosystem, partial);
  const severity = severityOfLabel(/\((unimportant|low|medium|high)\b/.exec(note)?.[1]);
  const base = { ecosystem, name, versions: [], ...(severity === undefined ? {} : { severity }) };
  if (version === '<not-affected>') sink.skip('not affected, says the list');
  else if (version === '<end-of-life>' || version === '<ignored>') draft.affected.push({ ...base, ranges: [[{ introduced: '0' }]], intent: 'wont-fix' });
  else if (version === '<postponed>' || version === '<no-dsa>') draft.affected.push({ ...base, ranges: [[{ introduced: '0' }]], intent: 'deferred' });
  else if (version === '<unfixed>') draft.affected.push({ ...base, ranges: [[{ introduced: '0' }]], intent: 'not-fixed' });
  else if (version.startsWith('<')) draft.affected.push({ ...base, ranges: [[{ introduced: '0' }]], undetermined: `the list says ${version}` });
  else draft.affected.push({ ...base, ranges: [[{ introduced: '0' }, { fixed: version }]] });
}

function emit(draft: Draft | undefined, sink: Sink): void {
  if (draft === undefined) return;
  if (draft.affected.length === 0) {
    sink.skip('notice names no affected release');
    return;
  }
  // "-2" of a notice repairs what "-1" broke: without a CVE it is no vulnerability.
  if (draft.cves.length === 0 && /regression|bug ?fix|functional update/i.test(draft.title)) {
    sink.skip('regression update without a vulnerability');
    return;
  }
  sink.advisory({
    id: draft.id,
    aliases: [],
    upstream: draft.cves,
    summary: `${draft.package}: ${draft.title}`,
    details: '',
    published: draft.date,
    modified: draft.date,
    vectors: [],
    references: [`https://security-tracker.debian.org/tracker/${draft.id}`],
    affected: draft.affected,
  });
}
