import { isScalar, isSeq } from 'yaml';
import type { YAMLMap } from 'yaml';
import type { Exception, Priority, RuleMembers } from './item.ts';
import { priorities } from './item.ts';
import { ItemError } from './problem.ts';
import type { YamlFile } from './yaml.ts';
import { readBoolean, scalarText } from './yaml.ts';

export const appendable: ReadonlySet<string> = new Set(['condition', 'output', 'desc', 'tags', 'exceptions']);
export const replaceable: ReadonlySet<string> = new Set(['condition', 'output', 'desc', 'priority', 'tags', 'exceptions', 'enabled', 'warn_evttypes', 'skip-if-unknown-filter', 'capture', 'capture_duration']);
const others = new Set(['rule', 'source', 'append', 'override']);

const priorityNames: ReadonlyMap<string, Priority> = new Map([...priorities.map((priority) => [priority.toLowerCase(), priority] as const), ['info', 'Informational'] as const]);

/** The members of a rule's mapping; with `only`, just those. */
export function readMembers(
  yaml: YamlFile,
  map: YAMLMap,
  line: number,
  warn: (message: string, line: number) => void,
  readExceptions: (yaml: YamlFile, node: unknown, appending: boolean, warn: (message: string, line: number) => void) => readonly Exception[],
  only: ReadonlySet<string> | undefined,
  appending: boolean,
): RuleMembers {
  const wanted = (key: string): boolean => (only === undefined || only.has(key)) && yaml.node(map, key) !== undefined;
  for (const pair of map.items) {
    const key = isScalar(pair.key) ? scalarText(pair.key) : '';
    if (!appendable.has(key) && !replaceable.has(key) && !others.has(key)) warn(`unknown key "${key}": ignored`, yaml.line(pair.key));
  }
  const text = (key: string) => (wanted(key) ? yaml.text(map, key) : undefined);
  const flag = (key: string) => (wanted(key) ? readBoolean(yaml, map, key) : undefined);
  const output = text('output');
  return {
    condition: text('condition'),
    output: output === undefined ? undefined : { ...output, value: output.value.trim() },
    desc: text('desc')?.value.trim(),
    priority: readPriority(text('priority')?.value, line),
    source: only === undefined ? yaml.text(map, 'source')?.value : undefined,
    enabled: flag('enabled'),
    warnEvttypes: flag('warn_evttypes'),
    skipIfUnknownFilter: flag('skip-if-unknown-filter'),
    capture: flag('capture'),
    tags: wanted('tags') ? readTags(yaml, map) : undefined,
    exceptions: wanted('exceptions') ? readExceptions(yaml, yaml.node(map, 'exceptions'), appending, warn) : undefined,
  };
}

function readPriority(text: string | undefined, line: number): Priority | undefined {
  if (text === undefined) return undefined;
  const priority = priorityNames.get(text.trim().toLowerCase());
  if (priority === undefined) throw new ItemError('item', line, `priority "${text}" is none of ${priorities.join(', ')}`);
  return priority;
}

function readTags(yaml: YamlFile, map: YAMLMap): readonly string[] {
  const node = yaml.node(map, 'tags');
  if (node === undefined || (isScalar(node) && node.value === null)) return [];
  if (!isSeq(node)) throw new ItemError('item', yaml.line(node), '"tags" must be a list');
  return node.items.map((entry) => {
    if (!isScalar(entry)) throw new ItemError('item', yaml.line(entry), 'a tag must be a text');
    return scalarText(entry);
  });
}
