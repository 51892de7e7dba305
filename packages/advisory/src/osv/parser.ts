import { FAILSAFE_SCHEMA, boolCoreTag, load, nullCoreTag } from 'js-yaml';
import { messageOf } from '@palisade/model/error';
import type { Entry, FeedParser } from '../feed.ts';
import { OsvDocument } from './document.ts';
import { errata, recordOf } from './record.ts';

/** OSV records, one a file (JSON or YAML), or many in a JSON array: https://ossf.github.io/osv-schema/ */
export const parser: FeedParser = {
  id: 'osv',
  recognise(entries) {
    const data = entries.filter((entry) => wanted(entry.path));
    const ours = data.filter((entry) => looksLikeOsv(entry));
    return ours.length > 0 && ours.length * 2 >= data.length;
  },
  async parse(input, sink, signal) {
    for await (const entry of input.entries()) {
      signal.throwIfAborted();
      if (!wanted(entry.path)) continue;
      let value: unknown;
      try {
        value = decode(entry);
      } catch (error) {
        sink.broken(entry.path, messageOf(error));
        continue;
      }
      for (const one of Array.isArray(value) ? (value as unknown[]) : [value]) take(one, entry.path, sink);
    }
  },
};

function take(value: unknown, where: string, sink: Parameters<FeedParser['parse']>[1]): void {
  if (typeof value !== 'object' || value === null || !('id' in value) || !('affected' in value || 'modified' in value)) {
    sink.skip('not an OSV record');
    return;
  }
  const parsed = OsvDocument.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    sink.broken(where, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not an OSV record'}`);
    return;
  }
  if (damagedVersions(value)) sink.broken(where, '"versions" is not a list; only the ranges of this record are used');
  const { record, skip, gitRanges } = recordOf(parsed.data);
  if (gitRanges > 0) sink.skip('GIT range', gitRanges);
  if (skip !== undefined) sink.skip(skip);
  if (record === undefined) return;
  declare(record.id, record.affected, sink);
  sink.advisory(record);
}

function damagedVersions(value: object): boolean {
  const affected = 'affected' in value && Array.isArray(value.affected) ? (value.affected as unknown[]) : [];
  return affected.some((one) => typeof one === 'object' && one !== null && 'versions' in one && one.versions !== null && !Array.isArray(one.versions));
}

// What a publisher does not tell everything about. Everything else that stands in an archive is taken as whole,
// unless the archive says "sample". An erratum comes with a fix: what is known and not fixed stands in no list of errata.
const partialIds: readonly (readonly [RegExp, string])[] = [
  [/^MAL-/, 'only malicious packages'],
  [/^(?:DSA|DLA)-/, 'only issues with a DSA or DLA'],
  [/^USN-/, 'only issues with a notice'],
  [/^ALPINE-/, 'only fixed issues; open ones are not listed'],
  [errata, 'only issues with an erratum; open ones are not listed'],
];

function declare(id: string, affected: readonly { ecosystem: string }[], sink: Parameters<FeedParser['parse']>[1]): void {
  const reason = partialIds.find(([pattern]) => pattern.test(id))?.[1];
  for (const { ecosystem } of affected) {
    if (reason !== undefined) sink.covers(ecosystem, { partial: reason });
    else if (id.startsWith('DRUPAL-') && ecosystem === 'Packagist') sink.covers(ecosystem, { partial: 'only Drupal core' });
    else sink.covers(ecosystem, 'complete');
  }
}

function wanted(path: string): boolean {
  return /\.(?:json|ya?ml)$/i.test(path);
}

// No numbers and no dates: an unquoted 1.10 is a version, and not 1.1.
const schema = FAILSAFE_SCHEMA.withTags(nullCoreTag, boolCoreTag);

// Aliases could make a small file a huge tree: OSV has no use for them.
function decode(entry: Entry): unknown {
  const text = entry.bytes.toString('utf8');
  if (!/\.ya?ml$/i.test(entry.path)) return JSON.parse(text);
  if (/^[^'"#]*:\s+\*\w/m.test(text)) throw new Error('YAML aliases are not accepted');
  return load(text, { schema });
}

function looksLikeOsv(entry: Entry): boolean {
  try {
    const value = decode(entry);
    const first: unknown = Array.isArray(value) ? value[0] : value;
    return typeof first === 'object' && first !== null && 'id' in first && typeof first.id === 'string' && ('affected' in first ? Array.isArray(first.affected) : 'modified' in first && 'withdrawn' in first);
  } catch {
    return false;
  }
}
