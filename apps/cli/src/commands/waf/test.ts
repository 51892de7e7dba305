import { globSync, statSync } from 'node:fs';
import path from 'node:path';
import { memoryStore } from '@palisade/waf/engine/store';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import type { Case, Input } from './ftw-case.ts';
import { applyOverrides, readCases, readOverrides } from './ftw-case.ts';
import { problemsOf } from './ftw-check.ts';
import { platformOf } from './ftw-platform.ts';
import { requestOf } from './ftw-request.ts';
import type { Bench, Found } from './ftw-send.ts';
import { ruleFacts, send } from './ftw-send.ts';
import { loadAnyRuleFiles } from './rule-files.ts';
import { suiteSettings } from './suite-settings.ts';

type Options = { rules: string[]; overrides: string[]; min: number; cases: string[] };

function optionsOf(args: readonly string[]): Options {
  const options: Options = { rules: [], overrides: [], min: 1, cases: [] };
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!;
    if (word === '--rules' || word === '--overrides' || word === '--min') {
      at += 1;
      const value = args[at];
      if (value === undefined) throw new UsageError(`${word} needs a value`);
      if (word === '--min') options.min = Number(value);
      else options[word.slice(2) as 'rules' | 'overrides'].push(value);
    } else if (word.startsWith('--')) throw new UsageError(`unknown option ${word}`);
    else options.cases.push(word);
  }
  if (options.rules.length === 0 || options.cases.length === 0) throw new UsageError('waf test needs --rules GLOB and CASES');
  if (!Number.isInteger(options.min) || options.min < 0) throw new UsageError('--min needs a whole number');
  return options;
}

function filesOf(names: readonly string[], cwd: string): string[] {
  return names.flatMap((name) => {
    const full = path.resolve(cwd, name);
    const folder = statSync(full, { throwIfNoEntry: false })?.isDirectory() ?? false;
    const found = folder ? globSync(path.join(full, '**/*.{yaml,yml}')).filter((file) => !/-overrides\.ya?ml$/.test(file)) : globSync(full);
    if (found.length === 0) throw new UsageError(`no test case matches ${name}`);
    return found.sort();
  });
}

/** A stage's requests one after the other, as clients send them: with the cookies and redirects of the stage before. */
function sendStage(bench: Bench, test: Case, input: Input, last: Found | undefined): Found {
  let asked = input;
  if (input.follow_redirect === true) {
    const to = last?.headers.find(({ name }) => name.toLowerCase() === 'location')?.value;
    if (to !== undefined) asked = { ...asked, uri: to.replace(/^[a-z]+:\/\/[^/]*/i, '') || '/' };
  }
  const cookie = input.save_cookie === true ? last?.headers.filter(({ name }) => name.toLowerCase() === 'set-cookie').map(({ value }) => value.split(';')[0]).join('; ') : undefined;
  if (cookie !== undefined && cookie !== '') asked = { ...asked, headers: { ...asked.headers, Cookie: cookie } };
  const all = (asked.uris ?? [asked.uri]).map((uri) => send(bench, asked, requestOf(uri === undefined ? asked : { ...asked, uri }, test.form)));
  const final = all.at(-1)!;
  return all.length === 1 ? final : { ...final, ids: all.flatMap(({ ids }) => ids), log: all.map(({ log }) => log).join('\n') };
}

function runCase(bench: Omit<Bench, 'store'>, test: Case): string[] {
  const own: Bench = { ...bench, store: memoryStore() }; // what persists, persists from stage to stage
  let last: Found | undefined;
  return test.stages.flatMap(({ input, output }) => {
    const once = (): string[] => {
      const found = sendStage(own, test, input, last);
      last = found;
      return problemsOf(output, found).map((problem) => `${problem}; found ${found.ids.join(' ') || 'none'}`);
    };
    const problems = once();
    return problems.length > 0 && output.retry_once === true ? once() : problems;
  });
}

/** Runs regression cases against rules; lists failures and closes with the counts. Exit 1 on a failure or too few cases. */
export async function test(args: readonly string[], io: Io): Promise<number> {
  const options = optionsOf(args);
  const lists = options.overrides.map((file) => readOverrides(path.resolve(io.cwd, file)));
  const platform = platformOf(lists);
  const ruleSet = await loadAnyRuleFiles(options.rules, io.cwd, suiteSettings + platform.directives, (line) => io.err(line));
  const bench = { ruleSet, platform, facts: ruleFacts(ruleSet) };
  let passed = 0;
  let failed = 0;
  for (const file of filesOf(options.cases, io.cwd)) {
    for (const entry of readCases(file)) {
      applyOverrides(entry, lists);
      const problems = runCase(bench, entry);
      if (problems.length === 0) passed += 1;
      else {
        failed += 1;
        io.out(`FAIL ${entry.title}: ${problems.join(' | ')}\n`);
      }
    }
  }
  io.out(`${passed} passed, ${failed} failed\n`);
  if (passed + failed < options.min) io.err(`only ${passed + failed} cases ran, ${options.min} were asked for\n`);
  return failed === 0 && passed >= options.min ? 0 : 1;
}
