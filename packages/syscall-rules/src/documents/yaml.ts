import { isAlias, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import type { Document, Node, YAMLMap } from 'yaml';
import type { SourceText } from './item.ts';
import { ItemError } from './problem.ts';

/** A rule file is a person's work: larger ones are an attack on the parser's memory. */
const maxFileBytes = 8 * 1024 * 1024;

/** A YAML file with lines: values are read as the text that was written ("0700", "yes" and "1.0" stay text). */
export type YamlFile = {
  readonly file: string;
  readonly documents: readonly Document.Parsed[];
  line(node: unknown): number;
  /** What the parser itself complained about: with one of these nothing below can be trusted. */
  readonly broken: readonly { readonly line: number; readonly message: string }[];
  text(map: YAMLMap, key: string): SourceText | undefined;
  node(map: YAMLMap, key: string): Node | undefined;
};

export function openYaml(file: string, content: string): YamlFile {
  if (content.length > maxFileBytes) return { file, documents: [], line: () => 1, broken: [{ line: 1, message: `file larger than ${maxFileBytes} bytes` }], text: () => undefined, node: () => undefined };
  const counter = new LineCounter();
  const parsed = parseAllDocuments(content, { lineCounter: counter, version: '1.1', merge: true, uniqueKeys: false, logLevel: 'silent' });
  const documents = Array.isArray(parsed) ? parsed : [];
  const broken = documents.flatMap((document) => document.errors.map((error) => ({ line: error.linePos?.[0].line ?? 1, message: error.message.split('\n')[0] ?? '' })));
  const anchors = new Map<string, Node>();
  const line = (node: unknown): number => {
    const range = (node as Node | undefined)?.range;
    return range == null ? 1 : counter.linePos(range[0]).line;
  };
  const resolve = (node: unknown, map: YAMLMap): Node | undefined => {
    if (!isAlias(node)) return (node ?? undefined) as Node | undefined;
    const document = documents.find((document) => document.range[0] <= (map.range?.[0] ?? 0) && (map.range?.[0] ?? 0) <= document.range[2]);
    const target = document === undefined ? undefined : node.resolve(document);
    if (target === undefined) throw new ItemError('yaml', line(node), `alias *${node.source} has no anchor`);
    anchors.set(node.source, target);
    return target;
  };
  const node = (map: YAMLMap, key: string): Node | undefined => {
    const pair = map.items.findLast((item) => isScalar(item.key) && scalarText(item.key) === key);
    return pair === undefined ? undefined : resolve(pair.value, map);
  };
  const text = (map: YAMLMap, key: string): SourceText | undefined => {
    const value = node(map, key);
    if (value === undefined) return undefined;
    if (!isScalar(value)) throw new ItemError('item', line(value), `"${key}" must be a text`);
    const range = value.range ?? [0, 0, 0];
    const raw = content.slice(range[0], range[1]);
    const first = counter.linePos(range[0]).line;
    const string = scalarText(value);
    return { value: string, file, lineAt: (offset) => first + lineWithin(raw, string, offset) };
  };
  return { file, documents, line, broken, text, node };
}

/** The text of a scalar as written, whatever type YAML would make of it. */
export function scalarText(node: { readonly value: unknown; readonly source?: string }): string {
  if (typeof node.value === 'string') return node.value;
  return node.source ?? (typeof node.value === 'number' || typeof node.value === 'boolean' ? String(node.value) : '');
}

/** YAML 1.1's words for a boolean, as Falco's parser takes them. */
export function readBoolean(yaml: YamlFile, map: YAMLMap, key: string): boolean | undefined {
  const value = yaml.text(map, key);
  if (value === undefined) return undefined;
  if (/^(?:y|yes|true|on)$/i.test(value.value)) return true;
  if (/^(?:n|no|false|off)$/i.test(value.value)) return false;
  throw new ItemError('item', value.lineAt(0), `"${key}" must be true or false, not "${value.value}"`);
}

// Folding changes blanks, never words: the n-th word of the value is the n-th word of the source, whose line we can count.
function lineWithin(raw: string, value: string, offset: number): number {
  const header = /^[|>][^\n]*\n/.exec(raw)?.[0].length ?? 0;
  const words = value.slice(0, offset).match(/\S+/g)?.length ?? 0;
  const startsWord = offset < value.length && /\S/.test(value[offset] ?? '') && (offset === 0 || /\s/.test(value[offset - 1] ?? ''));
  let wanted = startsWord ? words + 1 : words;
  const pattern = /\S+/g;
  pattern.lastIndex = header;
  let at = header;
  for (let match = pattern.exec(raw); match !== null && wanted > 0; match = pattern.exec(raw)) {
    at = match.index;
    wanted -= 1;
  }
  return raw.slice(0, at).split('\n').length - 1;
}
