import type { Coverage } from '@palisade/model/coverage';
import { ecosystemKey } from '../ecosystem/key.ts';
import { feedError } from '../error.ts';
import type { Entry, Feed, Sink } from '../feed.ts';
import { openInput } from '../input/open.ts';
import { feeds } from '../registry.ts';
import type { Source } from './format.ts';
import type { Staging } from './staging.ts';

/** One source on the command line: `kind` undefined means "tell it by its content". */
export type SourceSpec = { readonly path: string; readonly kind?: string };

// How much of a source is looked at to tell its kind, and how many broken records are named one by one.
const sampleEntries = 48;
const namedBroken = 50;

/** Which feed a path is of; undefined: of none that we support. Throws when it cannot be read. */
export async function recogniseSource(spec: SourceSpec): Promise<{ kind: string; feed: Feed } | undefined> {
  if (spec.kind !== undefined) {
    const feed = Object.hasOwn(feeds, spec.kind) ? feeds[spec.kind] : undefined;
    if (feed === undefined) throw feedError('feed-unsupported', `unknown kind "${spec.kind}"; known are ${Object.keys(feeds).join(', ')}`, { kind: spec.kind });
    return { kind: spec.kind, feed };
  }
  const input = await openInput(spec.path);
  const sample: Entry[] = [];
  for await (const entry of input.entries()) {
    if (/(?:^|\/)(?:LICEN[CS]E|README|COPYING)[^/]*$/i.test(entry.path)) continue;
    sample.push(entry);
    if (sample.length >= sampleEntries) break;
  }
  for (const [kind, feed] of Object.entries(feeds)) if (feed.parser.recognise(sample)) return { kind, feed };
  return undefined;
}

/** Reads one source into the staging and answers its line of the manifest. `tick` is called for each record. */
export async function readSource(spec: SourceSpec, kind: string, feed: Feed, staging: Staging, tick: () => void, signal: AbortSignal): Promise<Source> {
  const input = await openInput(spec.path);
  const skips = new Map<string, number>();
  const counts = new Map<string, number>();
  const declared = new Map<string, Coverage>();
  const broken: { where: string; cause: string }[] = [];
  let brokenCount = 0;
  let records = 0;
  let dated = '';
  let newest = '';
  let undated = 0;
  const sink: Sink = {
    advisory(record) {
      staging.advisory(kind, input.name, record);
      records += 1;
      for (const key of new Set(record.affected.map((one) => ecosystemKey(one.ecosystem)))) counts.set(key, (counts.get(key) ?? 0) + 1);
      const date = record.modified > record.published ? record.modified : record.published;
      // Go's repository writes year 1 or a placeholder where its export puts the true date.
      if (!isDate(date)) undated += 1;
      else if (date > newest) newest = date;
      tick();
    },
    cve(facts) {
      staging.cve(facts);
      records += 1;
      if (records % 1000 === 0) tick();
    },
    skip: (reason, count = 1) => void skips.set(reason, (skips.get(reason) ?? 0) + count),
    broken(where, cause) {
      brokenCount += 1;
      if (broken.length < namedBroken) broken.push({ where, cause: cause.slice(0, 300) });
    },
    dated: (date) => void (isDate(date) && date > dated && (dated = date)),
    covers(ecosystem, coverage) {
      const key = coverageKey(ecosystem);
      // What one publisher in an archive tells completely, another's partial view does not take back. Of several
      // reasons the first by the alphabet stands, whatever order the files come in.
      const known = declared.get(key);
      if (known === 'complete' || (coverage !== 'complete' && known !== undefined && known.partial <= coverage.partial)) return;
      declared.set(key, coverage);
    },
  };
  await feed.parser.parse(input, sink, signal);
  if (records === 0 && skips.size === 0) {
    const first = broken[0];
    throw feedError('feed-malformed', `${spec.path}: no ${kind} record in it${first === undefined ? '' : ` (${first.where}: ${first.cause})`}`, { file: spec.path });
  }
  const limit = /sample/i.test(spec.path.split('/').at(-1) ?? '') ? 'a sample' : brokenCount > 0 ? `${brokenCount} records could not be read` : undefined;
  const coverage: Record<string, Coverage> = {};
  for (const [key, value] of [...declared].sort(([a], [b]) => (a < b ? -1 : 1))) coverage[key] = limit === undefined ? value : { partial: limit };
  return {
    name: input.name,
    kind,
    date: dated !== '' ? dated : newest !== '' && undated * 2 <= records ? newest : 'unknown',
    records,
    coverage,
    counts: sorted(counts),
    skips: Object.entries(sorted(skips)).map(([reason, count]) => ({ reason, count })),
    broken: broken.sort((a, b) => (a.where < b.where ? -1 : a.where > b.where ? 1 : 0)),
    sha256: input.digest(),
  };
}

function isDate(text: string): boolean {
  return /^(?:19[89]\d|20\d\d)-\d\d-\d\d(?:T|$)/.test(text) && !Number.isNaN(Date.parse(text));
}

// "Packagist:https://packages.drupal.org/8" is complete for drupal/* only, which its key must keep saying.
function coverageKey(ecosystem: string): string {
  return ecosystem.startsWith('Packagist:') ? ecosystem : ecosystemKey(ecosystem);
}

function sorted(map: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}
