import type { Entry, FeedParser, Sink } from '../feed.ts';

/** FIRST's daily scores: a comment line with the date, then cve,epss,percentile. */
export const parser: FeedParser = {
  id: 'epss',
  recognise: (entries) => entries.length < 8 && entries.some((entry) => isScores(entry)),
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (isScores(entry)) parseScores(entry, sink);
    }
  },
};

function isScores(entry: Entry): boolean {
  return /^(?:#[^\n]*\n)?cve,epss,percentile\s/.test(entry.bytes.subarray(0, 500).toString('latin1'));
}

function parseScores(entry: Entry, sink: Sink): void {
  const date = /score_date:([^,\s]+)/.exec(entry.bytes.subarray(0, 300).toString('latin1'))?.[1];
  if (date !== undefined) sink.dated(date.replace(/\+0000$/, 'Z'));
  let line = 0;
  for (const text of linesOf(entry.bytes)) {
    line += 1;
    if (text === '' || text.startsWith('#') || text.startsWith('cve,')) continue;
    const [id = '', score, percentile] = text.split(',');
    const epss = { score: Number(score), percentile: Number(percentile) };
    if (/^CVE-\d{4}-\d{4,}$/.test(id) && epss.score >= 0 && epss.score <= 1 && epss.percentile >= 0 && epss.percentile <= 1) sink.cve({ id, epss });
    else sink.broken(`${entry.path}:${line}`, `not cve,epss,percentile: ${text.slice(0, 60)}`);
  }
}

function* linesOf(bytes: Buffer): Iterable<string> {
  let start = 0;
  while (start < bytes.length) {
    let end = bytes.indexOf(10, start);
    if (end < 0) end = bytes.length;
    yield bytes.toString('latin1', start, end).trimEnd();
    start = end + 1;
  }
}
