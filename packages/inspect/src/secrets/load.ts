import { createHash } from 'node:crypto';
import { TomlError, parse as parseToml } from 'smol-toml';
import { PalisadeError, messageOf } from '@palisade/model/error';
import type { Severity } from '@palisade/model/severity';
import { severities } from '@palisade/model/severity';
import { compilePattern, latePattern } from '../regex/compile.ts';
import type { Pattern } from '../regex/compile.ts';
import { asNumber, asString, asStrings, asTable, asTables } from './toml-values.ts';
import type { Table } from './toml-values.ts';
import type { Allowlist, Required, SecretRule, SecretRules } from './rule.ts';

/** One file of rules. `read` answers the text of a file named by `extend.path`; `useDefault` of the set behind `extend.useDefault`. */
export type LoadOptions = {
  readonly file: string;
  readonly read?: (path: string) => string;
  readonly useDefault?: () => { file: string; text: string };
  /** The text ships with the product, and a test has compiled every pattern in it: each is compiled when a file first needs it. */
  readonly shipped?: boolean;
};

const limits = { bytes: 8 * 1024 * 1024, rules: 10_000, extendDepth: 2 } as const;
/** Grows when the detector's own code changes its answers. */
const codeVersion = 1;

/**
 * Reads rules in gitleaks' TOML language, unmodified. Throws a PalisadeError `secret-rules-invalid` naming file,
 * line, rule and cause.
 */
export function loadSecretRules(text: string, options: LoadOptions): SecretRules {
  const raw = readRaw(text, options, 0);
  const rules = [...raw.rules.values()].map((entry) => compileRule(entry));
  for (const rule of rules) {
    for (const required of rule.required) {
      if (!raw.rules.has(required.rule)) throw invalid(options.file, text, required.rule, `rule "${rule.id}" requires "${required.rule}", which does not exist`);
    }
  }
  const targeted = raw.allowlists.filter((list) => asStrings(list.table, 'targetRules').length > 0);
  const withTargets = rules.map((rule) => {
    const lists = targeted.filter((list) => asStrings(list.table, 'targetRules').includes(rule.id)).map((list) => compileAllowlist(list));
    return lists.length === 0 ? rule : { ...rule, allowlists: [...rule.allowlists, ...lists] };
  });
  const hash = createHash('sha256').update(`${codeVersion}\n`).update(raw.texts.join('\0')).digest();
  return {
    title: raw.title,
    rules: withTargets,
    allowlists: raw.allowlists.filter((list) => !targeted.includes(list)).map((list) => compileAllowlist(list)),
    notices: raw.notices,
    version: hash.readUIntBE(0, 6),
  };
}

type Placed = { readonly table: Table; readonly file: string; readonly text: string; readonly shipped: boolean };
type Raw = { title: string; rules: Map<string, Placed>; allowlists: Placed[]; notices: string[]; texts: string[] };

function readRaw(text: string, options: LoadOptions, depth: number): Raw {
  const { file } = options;
  if (Buffer.byteLength(text) > limits.bytes) throw invalid(file, text, '', `larger than ${limits.bytes} bytes`);
  const root = parse(text, file);
  const at = (table: Table): Placed => ({ table, file, text, shipped: options.shipped === true });
  const own: Raw = { title: asString(root, 'title') ?? file, rules: new Map(), allowlists: [], notices: [], texts: [text] };
  const listed = asTables(root, 'rules');
  if (listed.length > limits.rules) throw invalid(file, text, '', `more than ${limits.rules} rules`);
  for (const table of listed) {
    const id = asString(table, 'id') ?? '';
    if (id === '') throw invalid(file, text, '', `rule ${own.rules.size + 1} has no id`);
    own.rules.set(id, at(table));
  }
  const single = asTable(root, 'allowlist');
  own.allowlists = [...(single === undefined ? [] : [single]), ...asTables(root, 'allowlists')].map(at);
  if (own.allowlists.some((list) => asStrings(list.table, 'commits').length > 0)) own.notices.push(`${file}: allowlists by commit are not used: an image has no commits`);
  return extend(own, asTable(root, 'extend'), options, depth);
}

function extend(own: Raw, table: Table | undefined, options: LoadOptions, depth: number): Raw {
  if (table === undefined) return own;
  const { file } = options;
  if (depth >= limits.extendDepth) {
    own.notices.push(`${file}: extend is followed ${limits.extendDepth} times only`);
    return own;
  }
  const path = asString(table, 'path');
  const source = path === undefined || path === '' ? (table['useDefault'] === true ? options.useDefault?.() : undefined) : { file: path, text: readExtended(path, options) };
  if (asString(table, 'url') !== undefined) own.notices.push(`${file}: extend.url is not fetched`);
  if (source === undefined) {
    if (table['useDefault'] === true) throw invalid(file, own.texts[0] ?? '', 'useDefault', 'extend.useDefault: no default rule set is at hand');
    return own;
  }
  if (table['useDefault'] === true && path === undefined) own.notices.push(`${file}: extend.useDefault takes the rule set that ships with Palisade`);
  const base = readRaw(source.text, { ...options, file: source.file, shipped: table['useDefault'] === true && (path === undefined || path === '') }, depth + 1);
  for (const id of asStrings(table, 'disabledRules')) base.rules.delete(id);
  for (const [id, rule] of own.rules) {
    const under = base.rules.get(id);
    base.rules.set(id, under === undefined ? rule : { ...rule, table: mergeRule(under.table, rule.table) });
  }
  return { title: own.title, rules: base.rules, allowlists: [...base.allowlists, ...own.allowlists], notices: [...base.notices, ...own.notices], texts: [...base.texts, ...own.texts] };
}

function readExtended(path: string, options: LoadOptions): string {
  try {
    if (options.read === undefined) throw new Error('no other files can be read here');
    return options.read(path);
  } catch (error) {
    throw invalid(options.file, '', '', `extend.path "${path}": ${messageOf(error)}`);
  }
}

/** The upper file's fields win where it has them; lists are joined. */
function mergeRule(base: Table, over: Table): Table {
  const merged: Record<string, unknown> = { ...base, ...over };
  for (const key of ['keywords', 'tags']) merged[key] = [...asStrings(base, key), ...asStrings(over, key)];
  merged['allowlists'] = [...allowlistsOf(base), ...allowlistsOf(over)];
  delete merged['allowlist'];
  return merged;
}

function allowlistsOf(rule: Table): Table[] {
  const single = asTable(rule, 'allowlist');
  return [...(single === undefined ? [] : [single]), ...asTables(rule, 'allowlists')];
}

function parse(text: string, file: string): Table {
  try {
    return parseToml(text);
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 1;
    const cause = messageOf(error).split('\n', 1)[0] ?? '';
    throw new PalisadeError('secret-rules-invalid', `${file}:${line}: ${cause}`, { status: 422, detail: { file, line, cause } });
  }
}

function compileRule(placed: Placed): SecretRule {
  const { table, file, text } = placed;
  const id = asString(table, 'id') ?? '';
  const pattern = (key: string): Pattern | undefined => {
    const source = asString(table, key);
    return source === undefined || source === '' ? undefined : compileAt(source, placed, `rule "${id}": ${key}`);
  };
  const regex = pattern('regex');
  const path = pattern('path');
  const group = asNumber(table, 'secretGroup') ?? 0;
  const required = asTables(table, 'required').map((entry): Required => {
    const lines = asNumber(entry, 'withinLines');
    const columns = asNumber(entry, 'withinColumns');
    return { rule: asString(entry, 'id') ?? '', ...(lines === undefined ? {} : { lines }), ...(columns === undefined ? {} : { columns }) };
  });
  if (regex === undefined && path === undefined) throw invalid(file, text, id, `rule "${id}" has neither regex nor path`);
  const tags = asStrings(table, 'tags');
  return {
    id,
    description: asString(table, 'description') ?? id,
    ...(regex === undefined ? {} : { regex }),
    ...(path === undefined ? {} : { path }),
    group,
    entropy: asNumber(table, 'entropy') ?? 0,
    keywords: asStrings(table, 'keywords').map((keyword) => keyword.toLowerCase()),
    allowlists: allowlistsOf(table).map((list) => compileAllowlist({ ...placed, table: list })),
    required,
    silent: table['skipReport'] === true,
    tags,
    severity: severityOf(id, tags),
  };
}

/** The language has no severity; a tag `severity:high` gives one. A generic pattern is weaker evidence than a provider's own format. */
function severityOf(id: string, tags: readonly string[]): Severity {
  const tagged = severities.find((severity) => tags.includes(`severity:${severity}`));
  return tagged ?? (id.toLowerCase().includes('generic') ? 'medium' : 'high');
}

function compileAllowlist(placed: Placed): Allowlist {
  const { table } = placed;
  const condition = (asString(table, 'condition') ?? 'OR').toUpperCase();
  if (!['OR', '||', 'AND', '&&'].includes(condition)) throw invalid(placed.file, placed.text, condition, `allowlist condition "${condition}" is neither AND nor OR`);
  const target = asString(table, 'regexTarget') ?? '';
  if (!['', 'secret', 'match', 'line'].includes(target)) throw invalid(placed.file, placed.text, target, `allowlist regexTarget "${target}" is not secret, match or line`);
  return {
    and: condition === 'AND' || condition === '&&',
    paths: asStrings(table, 'paths').map((source) => compileAt(source, placed, 'allowlist path')),
    regexes: asStrings(table, 'regexes').map((source) => compileAt(source, placed, 'allowlist regex')),
    target: target === 'match' || target === 'line' ? target : 'secret',
    stopwords: asStrings(table, 'stopwords').map((stopword) => stopword.toLowerCase()),
    hasCommits: asStrings(table, 'commits').length > 0,
  };
}

function compileAt(source: string, placed: Placed, what: string): Pattern {
  try {
    return placed.shipped ? latePattern(source) : compilePattern(source);
  } catch (error) {
    throw invalid(placed.file, placed.text, source, `${what}: ${messageOf(error)}`);
  }
}

/** The parsed table knows no lines: the first line that holds `needle` is the one meant. */
function invalid(file: string, text: string, needle: string, cause: string): PalisadeError {
  const at = needle === '' ? -1 : text.indexOf(needle.split('\n', 1)[0] ?? '');
  const line = at < 0 ? 1 : text.slice(0, at).split('\n').length;
  return new PalisadeError('secret-rules-invalid', `${file}:${line}: ${cause}`, { status: 422, detail: { file, line, cause } });
}
