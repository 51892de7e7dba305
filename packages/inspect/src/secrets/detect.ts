import { anyOf } from '../regex/compile.ts';
import type { Pattern } from '../regex/compile.ts';
import { keywordFinder } from './keywords.ts';
import { entropyOf } from './mask.ts';
import type { Allowlist, Required, SecretRule, SecretRules } from './rule.ts';

/** One secret in one text. `line` and `column` are 1-based; `offset` counts UTF-16 units; `secret` must never be shown whole. */
export type Found = { readonly rule: SecretRule; readonly offset: number; readonly line: number; readonly column: number; readonly match: string; readonly secret: string };

export type Detector = {
  /** True when a global allowlist takes the whole path out. */
  skipsPath(path: string): boolean;
  /** Secrets in one piece of text. `path` may be empty (a setting, not a file). */
  detect(bytes: Uint8Array, path: string): Found[];
};

/** How many finds one text can give: a file made of keys is one fact, not a million. */
const maxFound = 200;

/** Compiles the rules into a detector; the meaning is gitleaks'. */
export function secretDetector(rules: SecretRules): Detector {
  const words = [...new Set(rules.rules.flatMap((rule) => rule.keywords))];
  const finder = keywordFinder(words);
  const always = rules.rules.filter((rule) => rule.keywords.length === 0);
  const byWord = words.map((word) => rules.rules.filter((rule) => rule.keywords.includes(word)));
  const byId = new Map(rules.rules.map((rule) => [rule.id, rule]));
  const skipped = anyOf(rules.allowlists.filter(allowsByPath).flatMap((list) => list.paths));
  const skipsPath = (path: string): boolean => path !== '' && skipped(path);

  return {
    skipsPath,
    detect(bytes, path) {
      if (skipsPath(path)) return [];
      const hits = new Set<number>();
      finder.find(bytes, hits);
      const candidates = new Set(always);
      for (const hit of hits) for (const rule of byWord[hit] ?? []) candidates.add(rule);
      if (candidates.size === 0) return [];
      const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
      const subject = { text, path, lineAt: lineIndex(text), global: rules.allowlists };
      const found: Found[] = [];
      for (const rule of candidates) {
        if (rule.silent || found.length >= maxFound) continue;
        found.push(...accompanied(rule, findAll(rule, subject), (required) => {
          const other = byId.get(required.rule);
          return other === undefined ? [] : findAll(other, subject);
        }));
      }
      return withoutGenericTwins(found).slice(0, maxFound);
    },
  };
}

type Subject = { readonly text: string; readonly path: string; readonly lineAt: (offset: number) => { line: number; start: number; end: number }; readonly global: readonly Allowlist[] };

function findAll(rule: SecretRule, subject: Subject): Found[] {
  const { text, path } = subject;
  if (rule.path !== undefined && !rule.path.test(path)) return [];
  if (rule.allowlists.some((list) => pathAllowed(list, path))) return [];
  if (rule.regex === undefined) return [{ rule, offset: 0, line: 1, column: 1, match: `file ${path}`, secret: '' }];
  const found: Found[] = [];
  for (const [start, end] of rule.regex.matchAll(text)) {
    const one = examine(rule, rule.regex, start, end, subject);
    if (one !== undefined) found.push(one);
    if (found.length >= maxFound) break;
  }
  return found;
}

function examine(rule: SecretRule, regex: Pattern, start: number, end: number, subject: Subject): Found | undefined {
  const whole = subject.text.slice(start, end);
  const match = whole.replace(/^\n+|\n+$/g, '');
  const offset = start + whole.length - whole.replace(/^\n+/, '').length;
  const place = subject.lineAt(offset);
  const lastLine = subject.lineAt(Math.max(offset, end - 1));
  const line = subject.text.slice(place.start, lastLine.end);
  if (line.includes('gitleaks:allow')) return undefined;
  let secret = match;
  // As the language defines it, the groups are those of the pattern asked once more on the match alone.
  const groups = regex.groups(match);
  if (groups !== undefined && groups.length > 1) {
    if (rule.group > 0) {
      const group = groups[rule.group];
      if (group === undefined) return undefined;
      secret = group;
    } else secret = groups.slice(1).find((group) => group !== '') ?? match;
  }
  if (rule.entropy !== 0 && entropyOf(secret) <= rule.entropy) return undefined;
  const found: Found = { rule, offset, line: place.line, column: offset - place.start + 1, match, secret };
  return [...subject.global, ...rule.allowlists].some((list) => findingAllowed(list, found, line, subject.path)) ? undefined : found;
}

/** A path list decides alone unless it is joined by AND with lists that need the find itself. */
function allowsByPath(list: Allowlist): boolean {
  return list.paths.length > 0 && !(list.and && (list.regexes.length > 0 || list.stopwords.length > 0 || list.hasCommits));
}

function pathAllowed(list: Allowlist, path: string): boolean {
  return path !== '' && allowsByPath(list) && list.paths.some((pattern) => pattern.test(path));
}

function findingAllowed(list: Allowlist, found: Found, line: string, path: string): boolean {
  const target = list.target === 'match' ? found.match : list.target === 'line' ? line : found.secret;
  const byRegex = list.regexes.some((pattern) => pattern.test(target));
  const lower = found.secret.toLowerCase();
  const byStopword = list.stopwords.some((stopword) => lower.includes(stopword));
  if (!list.and) return byRegex || byStopword;
  if (list.hasCommits) return false;
  const checks: boolean[] = [];
  if (list.paths.length > 0) checks.push(path !== '' && list.paths.some((pattern) => pattern.test(path)));
  if (list.regexes.length > 0) checks.push(byRegex);
  if (list.stopwords.length > 0) checks.push(byStopword);
  return checks.length > 0 && checks.every(Boolean);
}

/** Keeps the finds of a composite rule that have every required rule near them. */
function accompanied(rule: SecretRule, found: readonly Found[], others: (required: Required) => readonly Found[]): readonly Found[] {
  if (rule.required.length === 0 || found.length === 0) return found;
  const needed = rule.required.map((required) => ({ required, found: others(required) }));
  return found.filter((one) =>
    needed.every(({ required, found: companions }) =>
      companions.some(
        (other) =>
          (required.lines === undefined || Math.abs(one.line - other.line) <= required.lines) &&
          (required.columns === undefined || Math.abs(one.column - other.column) <= required.columns),
      ),
    ),
  );
}

/** A generic rule that saw what a provider's own rule saw adds nothing. */
function withoutGenericTwins(found: readonly Found[]): Found[] {
  const generic = (one: Found): boolean => one.rule.id.toLowerCase().includes('generic');
  return found.filter((one) => !generic(one) || !found.some((other) => !generic(other) && other.line === one.line && other.secret.includes(one.secret)));
}

function lineIndex(text: string): (offset: number) => { line: number; start: number; end: number } {
  let starts: number[] | undefined;
  return (offset) => {
    if (starts === undefined) {
      starts = [0];
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
    }
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] ?? 0;
    const next = starts[low + 1];
    return { line: low + 1, start, end: next === undefined ? text.length : next - 1 };
  };
}
