import { isMap, isScalar, isSeq } from 'yaml';
import type { Node, YAMLMap } from 'yaml';
import { readExceptions } from './exception.ts';
import type { Item, ListItem, MacroItem, PluginItem, RuleItem, VersionItem } from './item.ts';
import { ItemError } from './problem.ts';
import type { Problem } from './problem.ts';
import { appendable, readMembers, replaceable } from './rule-members.ts';
import type { YamlFile } from './yaml.ts';
import { openYaml, readBoolean, scalarText } from './yaml.ts';

/** More items than any rule set has; a file of more is an attack on our memory. */
const maxItems = 50_000;

export type ReadFile = { readonly items: readonly Item[]; readonly problems: readonly Problem[] };

/** Reads one rule file of Falco's form. Every item that can be read is returned, every one that can't is a problem. */
export function readRuleFile(file: string, content: string): ReadFile {
  const yaml = openYaml(file, content);
  const items: Item[] = [];
  const problems: Problem[] = yaml.broken.map(({ line, message }) => ({ severity: 'error', code: 'yaml', file, line, message }));
  if (problems.length > 0) return { items, problems };
  const warn = (line: number, item: string | undefined, code: string, message: string): void => void problems.push({ severity: 'warning', code, file, line, ...(item === undefined ? {} : { item }), message });
  for (const document of yaml.documents) {
    const root = document.contents as Node | null;
    if (root === null || (isScalar(root) && root.value === null)) continue;
    if (!isSeq(root)) {
      problems.push({ severity: 'error', code: 'yaml', file, line: yaml.line(root), message: 'a rule file is a YAML list of items (rule, macro, list …)' });
      continue;
    }
    for (const node of root.items) {
      if (isScalar(node) && node.value === null) continue;
      if (items.length >= maxItems) {
        problems.push({ severity: 'error', code: 'limit', file, line: yaml.line(node), message: `more than ${maxItems} items` });
        return { items, problems };
      }
      try {
        const item = readItem(yaml, node, warn);
        if (item !== undefined) items.push(item);
      } catch (error) {
        if (!(error instanceof ItemError)) throw error;
        const name = isMap(node) ? itemName(yaml, node) : undefined;
        problems.push({ severity: 'error', code: error.code, file, line: error.line, ...(name === undefined ? {} : { item: name }), ...(error.field === undefined ? {} : { field: error.field }), message: error.message });
      }
    }
  }
  return { items, problems };
}

type Warn = (line: number, item: string | undefined, code: string, message: string) => void;

function itemName(yaml: YamlFile, map: YAMLMap): string | undefined {
  for (const key of ['rule', 'macro', 'list']) {
    const value = yaml.node(map, key);
    if (value !== undefined && isScalar(value)) return `${key} "${scalarText(value)}"`;
  }
  return undefined;
}

function readItem(yaml: YamlFile, node: unknown, warn: Warn): Item | undefined {
  const line = yaml.line(node);
  if (!isMap(node)) throw new ItemError('item', line, 'an item is a mapping (rule, macro, list …)');
  if (yaml.node(node, 'required_engine_version') !== undefined) return readVersion(yaml, node, line);
  if (yaml.node(node, 'required_plugin_versions') !== undefined) return readPlugins(yaml, node, line);
  if (yaml.node(node, 'list') !== undefined) return readList(yaml, node, line, warn);
  if (yaml.node(node, 'macro') !== undefined) return readMacro(yaml, node, line, warn);
  if (yaml.node(node, 'rule') !== undefined) return readRule(yaml, node, line, warn);
  warn(line, undefined, 'item', `unknown item "${node.items.map((pair) => (isScalar(pair.key) ? scalarText(pair.key) : '?')).join(', ').slice(0, 80)}": ignored`);
  return undefined;
}

function required(yaml: YamlFile, map: YAMLMap, key: string, line: number): string {
  const value = yaml.text(map, key);
  if (value === undefined) throw new ItemError('item', line, `"${key}" is missing`);
  if (value.value === '') throw new ItemError('item', value.lineAt(0), `"${key}" is empty`);
  return value.value;
}

function readVersion(yaml: YamlFile, map: YAMLMap, line: number): VersionItem {
  const text = required(yaml, map, 'required_engine_version', line);
  // A bare number is the old scheme: engine 26 became 0.26.0.
  if (/^\d+$/.test(text)) return { kind: 'engine-version', version: [0, Number(text), 0], file: yaml.file, line };
  const match = /^(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(text);
  if (match === null) throw new ItemError('version', line, `required_engine_version "${text}" is neither a number nor x.y.z`);
  return { kind: 'engine-version', version: [Number(match[1]), Number(match[2]), Number(match[3])], file: yaml.file, line };
}

function readPlugins(yaml: YamlFile, map: YAMLMap, line: number): PluginItem {
  const list = yaml.node(map, 'required_plugin_versions');
  if (!isSeq(list)) throw new ItemError('item', line, 'required_plugin_versions must be a list');
  const plugins = list.items.map((entry) => {
    if (!isMap(entry)) throw new ItemError('item', yaml.line(entry), 'a plugin version must be a mapping');
    return { name: required(yaml, entry, 'name', yaml.line(entry)), version: required(yaml, entry, 'version', yaml.line(entry)) };
  });
  return { kind: 'plugins', plugins, file: yaml.file, line };
}

/** "append: true", or an override of the only member there is. */
function appends(yaml: YamlFile, map: YAMLMap, member: string, name: string, warn: Warn): boolean {
  const override = readOverride(yaml, map, new Set([member]), new Set([member]));
  const append = readBoolean(yaml, map, 'append') ?? false;
  if (append && override.size > 0) throw new ItemError('item', yaml.line(map), '"append" and "override" exclude each other');
  if (append) warn(yaml.line(map), name, 'deprecated', '"append" is deprecated: use "override"');
  return append || override.get(member) === 'append';
}

function readOverride(yaml: YamlFile, map: YAMLMap, canAppend: ReadonlySet<string>, canReplace: ReadonlySet<string>): Map<string, 'append' | 'replace'> {
  const node = yaml.node(map, 'override');
  const result = new Map<string, 'append' | 'replace'>();
  if (node === undefined) return result;
  if (!isMap(node)) throw new ItemError('item', yaml.line(node), '"override" must be a mapping');
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? scalarText(pair.key) : '';
    const how = isScalar(pair.value) ? scalarText(pair.value) : '';
    const line = yaml.line(pair.key);
    if (how === 'append' ? !canAppend.has(key) : how === 'replace' ? !canReplace.has(key) : true) {
      const allowed = [...(canAppend.has(key) ? ['append'] : []), ...(canReplace.has(key) ? ['replace'] : [])];
      throw new ItemError('item', line, `override "${key}: ${how}" is not possible${allowed.length === 0 ? '' : `; allowed: ${allowed.join(', ')}`}`);
    }
    if (yaml.node(map, key) === undefined) throw new ItemError('item', line, `override of "${key}", but "${key}" is not given`);
    result.set(key, how as 'append' | 'replace');
  }
  return result;
}

function readList(yaml: YamlFile, map: YAMLMap, line: number, warn: Warn): ListItem {
  const name = required(yaml, map, 'list', line);
  if (!/^[^()"'\s=,]+$/.test(name)) throw new ItemError('item', line, `"${name}" is no name for a list`);
  const node = yaml.node(map, 'items');
  if (node === undefined) throw new ItemError('item', line, '"items" is missing');
  if (!isSeq(node)) throw new ItemError('item', yaml.line(node), '"items" must be a list');
  const items = node.items.map((entry) => {
    if (!isScalar(entry)) throw new ItemError('item', yaml.line(entry), 'a list item must be a text');
    return scalarText(entry);
  });
  return { kind: 'list', name, items, append: appends(yaml, map, 'items', `list "${name}"`, warn), file: yaml.file, line };
}

function readMacro(yaml: YamlFile, map: YAMLMap, line: number, warn: Warn): MacroItem {
  const name = required(yaml, map, 'macro', line);
  if (!/^[a-zA-Z]+[a-zA-Z0-9_]*$/.test(name)) throw new ItemError('item', line, `"${name}" is no name for a macro`);
  required(yaml, map, 'condition', line);
  const condition = yaml.text(map, 'condition');
  if (condition === undefined) throw new ItemError('item', line, '"condition" is missing');
  return { kind: 'macro', name, condition, append: appends(yaml, map, 'condition', `macro "${name}"`, warn), file: yaml.file, line };
}

function readRule(yaml: YamlFile, map: YAMLMap, line: number, warn: Warn): RuleItem {
  const name = required(yaml, map, 'rule', line);
  const label = `rule "${name}"`;
  const override = readOverride(yaml, map, appendable, replaceable);
  const append = readBoolean(yaml, map, 'append') ?? false;
  if (append && override.size > 0) throw new ItemError('item', line, '"append" and "override" exclude each other');
  const base = { kind: 'rule' as const, name, file: yaml.file, line };
  const members = (only?: ReadonlySet<string>, lenient = false) => readMembers(yaml, map, line, (message, at) => warn(at, label, 'item', message), readExceptions, only, lenient);
  if (override.size > 0) {
    for (const key of new Set([...appendable, ...replaceable])) {
      const node = yaml.node(map, key);
      if (node !== undefined && !override.has(key)) throw new ItemError('item', yaml.line(node), `"${key}" is given, but "override" doesn't say what to do with it`);
    }
    const steps = (['append', 'replace'] as const)
      .map((how) => ({ how, keys: new Set([...override].filter(([, value]) => value === how).map(([key]) => key)) }))
      .filter(({ keys }) => keys.size > 0)
      .map(({ how, keys }) => ({ how, members: members(keys, true) }));
    return { ...base, steps };
  }
  if (append) {
    warn(line, label, 'deprecated', '"append" is deprecated: use "override"');
    return { ...base, steps: [{ how: 'append', members: members(new Set(['condition', 'exceptions']), true) }] };
  }
  if (['condition', 'output', 'desc', 'priority'].every((key) => yaml.node(map, key) === undefined)) {
    if (yaml.node(map, 'enabled') === undefined) throw new ItemError('item', line, 'a rule needs condition, output, desc and priority (or only "enabled", to switch an earlier one)');
    warn(line, label, 'deprecated', '"enabled" alone is deprecated: use "override"');
    return { ...base, steps: [{ how: 'enable', members: members(new Set(['enabled'])) }] };
  }
  for (const key of ['condition', 'output', 'desc', 'priority']) required(yaml, map, key, line);
  return { ...base, steps: [{ how: 'define', members: members() }] };
}
