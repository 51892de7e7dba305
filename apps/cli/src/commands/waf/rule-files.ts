import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { loadRules } from '@palisade/waf/load';
import type { RuleFiles, RuleSet, RuleSource } from '@palisade/waf/load';
import { messageOf } from '@palisade/model/error';
import type { XmlValidation } from '@palisade/waf/operators/validate-xml';
import { UsageError } from '../../command.ts';

let xml: XmlValidation | undefined;
let xmlWanted = false;

const files: RuleFiles = {
  read: (name, from) => readFileSync(path.resolve(path.dirname(from), name), 'latin1'),
  glob: (pattern, from) => globSync(path.resolve(path.dirname(from), pattern)).sort(),
  xml() {
    xmlWanted = true;
    return xml;
  },
};

/** As loadRuleFiles, for rules that may validate XML: only then is the library for it loaded. */
export async function loadAnyRuleFiles(...args: Parameters<typeof loadRuleFiles>): Promise<RuleSet> {
  try {
    return loadRuleFiles(...args);
  } catch (error) {
    if (!xmlWanted || xml !== undefined) throw error;
  }
  try {
    xml = (await import('@palisade/waf/body/xml-validation')).xmlValidation;
  } catch (error) {
    throw new UsageError(`the rules validate XML, but the library for it does not load: ${messageOf(error)}`);
  }
  return loadRuleFiles(...args);
}


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
