import { LineCounter, isMap, isSeq, parseDocument } from 'yaml';
import type { YAMLMap } from 'yaml';

/** One rule, macro, list or other entry of a rule file, with its text as written: comments above belong to it. */
export type PackItem = { readonly key: string; readonly text: string; readonly value: Readonly<Record<string, unknown>> };

/** A rule file cut into its entries. `head`: what stands before the first; `indent`: how far entries are set in. */
export type PackFile = { readonly head: string; readonly indent: string; readonly items: readonly PackItem[] };

const named = ['rule', 'macro', 'list'] as const;

/** Cuts a Falco rule file, or one of windowed rules, into its entries. Throws with line and cause when it is neither. */
export function readPackFile(name: string, text: string): PackFile {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, logLevel: 'silent' });
  const [broken] = document.errors;
  if (broken !== undefined) throw new Error(`${name}:${broken.linePos?.[0].line ?? 1}: ${broken.message.split('\n')[0] ?? ''}`);
  const entries: unknown = isSeq(document.contents) ? document.contents : document.getIn(['spec', 'rules'], true);
  if (!isSeq(entries)) throw new Error(`${name}:1: neither a list of rules nor a document with spec.rules`);
  const starts = entries.items.map((item) => {
    if (!isMap(item) || item.range === null || item.range === undefined) throw new Error(`${name}: an entry is no mapping`);
    return lineStart(text, item.range[0]);
  });
  const seen = new Map<string, number>();
  const items = entries.items.map((item, index): PackItem => {
    const value = (item as YAMLMap).toJSON() as Record<string, unknown>;
    const kind = named.find((one) => typeof value[one] === 'string');
    const base = kind === undefined ? Object.keys(value).sort().join(' ') : `${kind} ${String(value[kind])}`;
    const times = (seen.get(base) ?? 0) + 1;
    seen.set(base, times);
    return { key: times === 1 ? base : `${base} (${times})`, text: text.slice(starts[index], starts[index + 1] ?? text.length), value };
  });
  const first = starts[0] ?? text.length;
  return { head: text.slice(0, first), indent: /^ */.exec(text.slice(first))?.[0] ?? '', items };
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

export function writePackFile(file: PackFile): string {
  return file.head + file.items.map(({ text }) => text).join('');
}
