import { exceptionCondition } from './exception.ts';
import type { Exception, Item, Place, Priority, RuleItem, RuleMembers, SourceText } from './item.ts';
import { ItemError } from './problem.ts';
import type { Problem } from './problem.ts';

/** The engine version whose language this is; rules that ask for a newer one are refused (semver: same major). */
export const engineVersion = [0, 63, 0] as const;

// `order` and `seen` follow Falco: a macro sees those first defined before its own last change, lists likewise.
export type Collected<T> = T & { readonly order: number; readonly seen: number };
export type CollectedList = Collected<Place & { readonly name: string; readonly items: readonly string[] }>;
export type CollectedMacro = Collected<Place & { readonly name: string; readonly parts: readonly SourceText[] }>;
export type CollectedRule = Collected<
  Place & {
    readonly name: string;
    readonly condition: readonly SourceText[];
    readonly output: readonly SourceText[];
    readonly desc: string;
    readonly priority: Priority;
    readonly source: string;
    readonly enabled: boolean;
    readonly warnEvttypes: boolean;
    readonly skipIfUnknownFilter: boolean;
    readonly tags: readonly string[];
    readonly exceptions: readonly Exception[];
  }
>;

export type Collection = {
  readonly lists: ReadonlyMap<string, CollectedList>;
  readonly macros: ReadonlyMap<string, CollectedMacro>;
  readonly rules: ReadonlyMap<string, CollectedRule>;
  readonly problems: readonly Problem[];
};

/** Applies the items of all files in order: definitions, appends, overrides. */
export function collect(items: readonly Item[]): Collection {
  const lists = new Map<string, CollectedList>();
  const macros = new Map<string, CollectedMacro>();
  const rules = new Map<string, CollectedRule>();
  const problems: Problem[] = [];
  let seen = 0;

  const apply = (item: Item): void => {
    seen += 1;
    if (item.kind === 'engine-version') return checkVersion(item.version, item);
    if (item.kind === 'plugins') return;
    if (item.kind === 'list') {
      const before = lists.get(item.name);
      if (item.append && before === undefined) throw new ItemError('list', item.line, 'nothing to append to: no list of that name before');
      lists.set(item.name, { name: item.name, items: item.append && before !== undefined ? [...before.items, ...item.items] : item.items, file: item.file, line: item.line, order: before?.order ?? seen, seen });
    } else if (item.kind === 'macro') {
      const before = macros.get(item.name);
      if (item.append && before === undefined) throw new ItemError('macro', item.line, 'nothing to append to: no macro of that name before');
      macros.set(item.name, { name: item.name, parts: item.append && before !== undefined ? [...before.parts, item.condition] : [item.condition], file: item.file, line: item.line, order: before?.order ?? seen, seen });
    } else applyRule(item);
  };

  const applyRule = (item: RuleItem): void => {
    for (const { how, members } of item.steps) {
      const before = rules.get(item.name);
      if (how === 'define') rules.set(item.name, define(item, members, before, seen));
      else if (before === undefined) throw new ItemError('rule', item.line, `nothing to ${how}: no rule of that name before`);
      else rules.set(item.name, change(item, how, members, before, seen));
    }
  };

  for (const item of items) {
    try {
      apply(item);
    } catch (error) {
      if (!(error instanceof ItemError)) throw error;
      const name = 'name' in item ? { item: `${item.kind} "${item.name}"` } : {};
      problems.push({ severity: 'error', code: error.code, file: item.file, line: error.line, ...name, message: error.message });
    }
  }
  return { lists, macros, rules, problems };
}

function checkVersion(wanted: readonly [number, number, number], place: Place): void {
  const [major, minor, patch] = engineVersion;
  const fits = wanted[0] === major && (wanted[1] < minor || (wanted[1] === minor && wanted[2] <= patch));
  if (!fits) throw new ItemError('version', place.line, `rules need engine version ${wanted.join('.')}; this engine speaks ${engineVersion.join('.')}`);
}

function define(item: RuleItem, members: RuleMembers, before: CollectedRule | undefined, seen: number): CollectedRule {
  const source = members.source ?? 'syscall';
  if (before !== undefined && before.source !== source) throw new ItemError('source', item.line, `defined again with another source ("${before.source}" before)`);
  for (const exception of members.exceptions ?? []) exceptionCondition(exception);
  return {
    name: item.name, file: item.file, line: item.line, order: before?.order ?? seen, seen, source,
    condition: members.condition === undefined ? [] : [members.condition],
    output: members.output === undefined ? [] : [members.output],
    desc: members.desc ?? '',
    priority: members.priority ?? 'Debug',
    enabled: members.enabled ?? true,
    warnEvttypes: members.warnEvttypes ?? true,
    skipIfUnknownFilter: members.skipIfUnknownFilter ?? false,
    tags: [...new Set(members.tags ?? [])],
    exceptions: members.exceptions ?? [],
  };
}

function change(item: RuleItem, how: 'append' | 'replace' | 'enable', members: RuleMembers, before: CollectedRule, seen: number): CollectedRule {
  if (how === 'enable') return { ...before, enabled: members.enabled ?? before.enabled };
  const append = how === 'append';
  if (append && members.condition === undefined && members.output === undefined && members.desc === undefined && members.tags === undefined && members.exceptions === undefined) {
    throw new ItemError('rule', item.line, 'an append needs something to append (condition, exceptions …)');
  }
  const texts = (old: readonly SourceText[], added: SourceText | undefined): readonly SourceText[] => (added === undefined ? old : append ? [...old, added] : [added]);
  return {
    ...before,
    seen,
    condition: texts(before.condition, members.condition),
    output: texts(before.output, members.output),
    desc: members.desc === undefined ? before.desc : append ? `${before.desc} ${members.desc}` : members.desc,
    priority: members.priority ?? before.priority,
    enabled: members.enabled ?? before.enabled,
    warnEvttypes: members.warnEvttypes ?? before.warnEvttypes,
    skipIfUnknownFilter: members.skipIfUnknownFilter ?? before.skipIfUnknownFilter,
    tags: members.tags === undefined ? before.tags : append ? [...new Set([...before.tags, ...members.tags])] : [...new Set(members.tags)],
    exceptions: members.exceptions === undefined ? before.exceptions : append ? appendExceptions(before.exceptions, members.exceptions) : replaceExceptions(members.exceptions),
  };
}

function replaceExceptions(exceptions: readonly Exception[]): readonly Exception[] {
  for (const exception of exceptions) exceptionCondition(exception);
  return exceptions;
}

function appendExceptions(before: readonly Exception[], added: readonly Exception[]): readonly Exception[] {
  const result = [...before];
  for (const exception of added) {
    const index = result.findIndex((old) => old.name === exception.name);
    const old = result[index];
    if (old === undefined) {
      if (exception.values.length === 0) throw new ItemError('exception', exception.line, `exception "${exception.name}" needs values`);
      exceptionCondition(exception);
      result.push(exception);
      continue;
    }
    if (exception.fields !== undefined || exception.comps !== undefined) throw new ItemError('exception', exception.line, `exception "${exception.name}" exists: only values can be appended`);
    const joined = { ...old, values: [...old.values, ...exception.values] };
    exceptionCondition(joined);
    result[index] = joined;
  }
  return result;
}
