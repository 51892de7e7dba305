import { compileMacro, isFixed } from './engine/macro.ts';
import type { Detection } from './libinjection/detection.ts';
import { detection as builtIn } from './libinjection/built-in.ts';
import type { GeoDatabase } from './operators/geo-lookup.ts';
import { openGeoDatabase } from './operators/geo-lookup.ts';
import { operators } from './operators/registry.ts';
import type { XmlValidation } from './operators/validate-xml.ts';
import { applyActions, plainActions, splitActions } from './seclang/actions.ts';
import { readDirectives } from './seclang/directives.ts';
import type { Problem } from './seclang/problem.ts';
import type { Actions, Marker, Phase, Rule, RuleOperator, Settings } from './seclang/rule.ts';
import { defaultSettings, settingWords } from './seclang/settings.ts';
import { parseTargets, withNamespaces } from './seclang/targets.ts';

/** A rule set as loaded: rules in the order of their files, and the settings their directives made. */
export type RuleSet = { readonly phases: ReadonlyMap<Phase, readonly (Rule | Marker)[]>; readonly settings: Settings; readonly count: number; /** Rules that a SecRuleRemove* directive took out. */ readonly taken: readonly { readonly rule: number; readonly directive: string }[]; readonly unicodeMap?: ReadonlyMap<number, number> };
export type RuleSource = { readonly name: string; readonly text: string };

/** The file system, as far as loading needs it. Bytes are latin1 strings. */
export type RuleFiles = {
  /** Reads a file named by a rule in `from`; throws when it can't. */
  read(name: string, from: string): string;
  /** Names of the files a glob in `from` means, sorted. */
  glob(pattern: string, from: string): string[];
  /** The library for @validateSchema and @validateDTD; rules that use them don't load without it. */
  xml?(): XmlValidation | undefined;
};

/**
 * Loads rule files in order. Answers every problem with file and line; a set with problems must not be used, because
 * a rule that is silently missing is an attack let through.
 */
export function loadRules(sources: readonly RuleSource[], files: RuleFiles, detection: Detection = builtIn): { readonly ruleSet: RuleSet; readonly problems: readonly Problem[]; /** Oddities that ModSecurity loads too. */ readonly warnings: readonly Problem[] } {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const taken: { rule: number; directive: string }[] = [];
  const settings = defaultSettings();
  const entries: (Rule | Marker)[] = [];
  const defaults = new Map<Phase, Actions>();
  const ids = new Set<number>();
  let geo: GeoDatabase | undefined;
  let unicodeMap: Map<number, number> | undefined;
  let open: Rule | undefined;
  let depth = 0;

  function operatorOf(text: string, file: string): RuleOperator {
    const found = /^\s*(!?)\s*(?:@([A-Za-z0-9]+)(?:\s+([^]*))?)?$/.exec(text);
    let negated = found?.[1] === '!';
    let name = found?.[2];
    let param = found?.[3] ?? '';
    if (name === undefined) {
      negated = text.startsWith('!');
      name = 'rx';
      param = negated ? text.slice(1) : text;
    }
    const word = name.toLowerCase();
    const make = Object.hasOwn(operators, word) ? operators[word] : undefined;
    if (make === undefined) throw new Error(`unknown operator @${name}`);
    if (word !== 'rx' && word !== 'rxglobal') param = param.trim();
    const macro = compileMacro(param);
    const context = { detection, readFile: (wanted: string) => files.read(wanted, file), geo: () => geo, ...(files.xml === undefined ? {} : { xml: () => files.xml!() }) };
    if (!isFixed(macro)) return { name: word, negated, param, macro };
    return { name: word, negated, param, macro, matcher: make(param, context) };
  }

  function rule(variables: string | undefined, operator: string, actionText: string, file: string, line: number): void {
    const words = splitActions(actionText);
    const parent = open;
    const actions = plainActions();
    const phaseWord = words.find((word) => word.word === 'phase')?.value;
    if (parent !== undefined) actions.phase = parent.phase;
    else if (phaseWord !== undefined) applyActions(actions, `phase:${phaseWord}`);
    const base = defaults.get(actions.phase);
    if (base !== undefined) Object.assign(actions, { disruptive: base.disruptive, status: base.status, log: base.log, auditlog: base.auditlog, transformations: [...base.transformations], tags: [...base.tags], ...(base.redirect === undefined ? {} : { redirect: base.redirect }) });
    applyActions(actions, actionText);
    if (actions.disruptive === 'block') Object.assign(actions, { disruptive: base?.disruptive ?? 'pass' });
    if (parent !== undefined) actions.phase = parent.phase;
    const made: Rule = { ...actions, kind: 'rule', file, line, targets: variables === undefined ? [] : parseTargets(variables), ...(variables === undefined ? {} : { operator: operatorOf(operator, file) }) };
    if (parent === undefined) {
      if (made.id === 0 && variables !== undefined) throw new Error('a rule needs an id');
      if (made.id !== 0 && ids.has(made.id)) throw new Error(`rule id ${made.id} is used twice`);
      ids.add(made.id);
      entries.push(made);
    } else {
      made.id = parent.id;
      parent.next = made;
    }
    if (made.namespaces.length > 0) made.targets = withNamespaces(made.targets, made.namespaces);
    open = made.chain ? made : undefined;
  }

  const rules = (): Rule[] => entries.filter((entry): entry is Rule => entry.kind === 'rule');
  const remove = (matches: (rule: Rule) => boolean, directive: string): void => {
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const entry = entries[at]!;
      if (entry.kind !== 'rule' || !matches(entry)) continue;
      taken.push({ rule: entry.id, directive });
      entries.splice(at, 1);
    }
  };
  const update = (matches: (rule: Rule) => boolean, targets: string): void => {
    const added = parseTargets(targets);
    for (const found of rules()) if (matches(found)) found.targets = [...found.targets, ...added];
  };
  const tagged = (pattern: string) => (found: Rule): boolean => found.tags.some((tag) => tag.text === pattern || new RegExp(pattern).test(tag.text));
  const messaged = (pattern: string) => (found: Rule): boolean => found.msg !== undefined && new RegExp(pattern).test(found.msg.text);

  const words: Readonly<Record<string, (args: readonly string[], file: string, line: number) => void>> = {
    secrule: (args, file, line) => {
      if (args.length < 2 || args.length > 3) throw new Error('SecRule needs variables, an operator and actions');
      rule(args[0], args[1] ?? '', args[2] ?? '', file, line);
    },
    secaction: (args, file, line) => rule(undefined, '', args[0] ?? '', file, line),
    secmarker: (args) => void entries.push({ kind: 'marker', name: (args[0] ?? '').replace(/^'|'$/g, '') }),
    secdefaultaction: (args) => {
      const actions = plainActions();
      for (const { word, value } of splitActions(args[0] ?? '')) {
        if (['id', 'chain', 'msg', 'skip', 'skipafter', 'severity', 'rev', 'ver', 'ctl', 'setvar'].includes(word)) throw new Error(`the action ${word} has no place in SecDefaultAction`);
        if (word === 't' && value?.toLowerCase() === 'none') throw new Error('t:none has no place in SecDefaultAction');
      }
      applyActions(actions, (args[0] ?? '').split(',').filter((word) => !/^\s*block\s*$/i.test(word)).join(','));
      if (!/\bphase\s*:/i.test(args[0] ?? '')) throw new Error('SecDefaultAction needs a phase');
      if (!/\b(?:allow|deny|drop|pass|redirect)\b/i.test(args[0] ?? '')) throw new Error('SecDefaultAction needs a disruptive action');
      defaults.set(actions.phase, actions);
    },
    secruleremovebyid: (args) => remove(inRanges(args.join(' ')), 'an SecRuleRemove'),
    secruleremovebytag: (args) => remove(tagged(args[0] ?? ''), 'a SecRuleRemoveByTag'),
    secruleremovebymsg: (args) => remove(messaged(args[0] ?? ''), 'a SecRuleRemoveByMsg'),
    secruleupdatetargetbyid: (args) => update(inRanges(args[0] ?? ''), args[1] ?? ''),
    secruleupdatetargetbytag: (args) => update(tagged(args[0] ?? ''), args[1] ?? ''),
    secruleupdatetargetbymsg: (args) => update(messaged(args[0] ?? ''), args[1] ?? ''),
    secruleupdateactionbyid: (args) => {
      const [id = '', offset] = (args[0] ?? '').split(':');
      let found = rules().find((entry) => String(entry.id) === id);
      for (let step = Number(offset ?? 0); step > 0 && found !== undefined; step -= 1) found = found.next;
      if (found === undefined) return;
      const text = args[1] ?? '';
      if (/\bt:/.test(text)) found.transformations = [];
      if (/\btag:/.test(text)) found.tags = [];
      applyActions(found, text);
    },
    secunicodemapfile: (args, file) => {
      const [name = '', page] = args.join(' ').split(/\s+/);
      if (page === undefined || !/^\d+$/.test(page)) throw new Error('SecUnicodeMapFile needs a file and a code page');
      const text = files.read(name, file);
      const block = new RegExp(`^${page}\\s+\\(.*\\n((?:[0-9a-fA-F]{4}:[0-9a-fA-F]{2}\\s*)+)`, 'm').exec(text) ?? new RegExp(`^${page}\\b[^\\n]*\\n([^\\n]+)`, 'm').exec(text);
      if (block === null) throw new Error(`${name} has no code page ${page}`);
      unicodeMap = new Map(block[1]!.trim().split(/\s+/).map((pair) => [Number.parseInt(pair.slice(0, 4), 16), Number.parseInt(pair.slice(5), 16)]));
    },
    secgeolookupdb: (args, file) => void (geo = openGeoDatabase(files.read(args[0] ?? '', file))),
    secxmlexternalentity: (args, file, line) => {
      settingWords['secxmlexternalentity']!(settings, args[0] ?? '', []);
      if (args[0]?.toLowerCase() === 'on') warnings.push({ file, line, message: 'external XML entities are never loaded (XXE); the directive has no effect' });
    },
    include: (args, file) => {
      const names = files.glob(args[0] ?? '', file);
      if (names.length === 0) throw new Error(`${args[0] ?? ''}: no such file`);
      for (const name of names) read({ name, text: files.read(name, file) });
    },
  };

  // Exceptions hold for rules before and after them, as in ModSecurity 3.
  const afterwards = /^secrule(?:remove|update)/;
  const late: { readonly run: () => void; readonly file: string; readonly line: number }[] = [];
  function attempt(run: () => void, file: string, line: number): void {
    try {
      run();
    } catch (error) {
      problems.push({ file, line, message: error instanceof Error ? error.message : String(error) });
    }
  }

  function read(source: RuleSource): void {
    if (depth > 20) {
      problems.push({ file: source.name, line: 1, message: 'files include each other too deeply' });
      return;
    }
    depth += 1;
    for (const { name, args, line } of readDirectives(source.text, source.name, problems, warnings)) {
      const word = name.toLowerCase();
      if (afterwards.test(word) && Object.hasOwn(words, word)) late.push({ run: () => words[word]!(args, source.name, line), file: source.name, line });
      else attempt(() => {
        if (Object.hasOwn(words, word)) words[word]!(args, source.name, line);
        else if (Object.hasOwn(settingWords, word)) settingWords[word]!(settings, args[0] ?? '', args.slice(1));
        else throw new Error(`unknown directive ${name}`);
      }, source.name, line);
    }
    depth -= 1;
  }

  for (const source of sources) read(source);
  for (const { run, file, line } of late) attempt(run, file, line);
  if (open !== undefined) warnings.push({ file: open.file, line: open.line, message: 'a chain has no rule after it and never matches' });
  const phases = new Map<Phase, (Rule | Marker)[]>();
  for (const phase of [1, 2, 3, 4, 5] as const) phases.set(phase, entries.filter((entry) => entry.kind === 'marker' || entry.phase === phase));
  return { ruleSet: { phases, settings, count: rules().length, taken, ...(unicodeMap === undefined ? {} : { unicodeMap }) }, problems, warnings };
}

/** A test for lists of ids and ranges: "942100 942200-942299,1". */
export function inRanges(text: string): (rule: { readonly id: number }) => boolean {
  const ranges = text.split(/[\s,]+/).filter((word) => word !== '').map((word) => {
    const found = /^(\d+)(?:-(\d+))?$/.exec(word);
    if (found === null) throw new Error(`not a rule id or range: ${word}`);
    return [Number(found[1]), Number(found[2] ?? found[1])] as const;
  });
  return ({ id }) => ranges.some(([low, high]) => id >= low && id <= high);
}
