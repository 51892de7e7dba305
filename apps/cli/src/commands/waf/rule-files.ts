import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadRules } from '@palisade/waf/load';
import type { RuleFiles, RuleSet, RuleSource } from '@palisade/waf/load';
import { UsageError } from '../../command.ts';

const files: RuleFiles = {
  read: (name, from) => readFileSync(path.resolve(path.dirname(from), name), 'latin1'),
  glob: (pattern, from) => globSync(path.resolve(path.dirname(from), pattern)).sort(),
};

/** Loads the files that the globs name, sorted within each glob; any problem is a UsageError that lists them all. */
export function loadRuleFiles(globs: readonly string[], cwd: string, before: string, warn?: (line: string) => void): RuleSet {
  const sources: RuleSource[] = [{ name: path.join(cwd, 'before-rules'), text: before }];
  for (const glob of globs) {
    const names = globSync(path.resolve(cwd, glob)).sort();
    if (names.length === 0) throw new UsageError(`no rule file matches ${glob}`);
    for (const name of names) sources.push({ name, text: readFileSync(name, 'latin1') });
  }
  const { ruleSet, problems, warnings } = loadRules(sources, files);
  for (const { file, line, message } of warnings) warn?.(`${file}:${line}: ${message}\n`);
  if (problems.length > 0) {
    throw new UsageError(`the rules do not load:\n${problems.map(({ file, line, message }) => `  ${file}:${line}: ${message}`).join('\n')}`);
  }
  return ruleSet;
}
