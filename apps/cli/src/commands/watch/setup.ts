import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { RuleWords } from '@palisade/app-agent/runtime/match';
import type { WatchSetup } from '@palisade/app-agent/runtime/watch-node';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { readRuleTexts } from '@palisade/syscall-rules/documents/texts';
import type { RuleFile } from '@palisade/syscall-rules/ruleset';
import type { Io } from '../../command.ts';
import { contentFolder } from '../../scan/content.ts';
import { load, readFiles } from '../rules/load.ts';
import { sensorPlace } from './sensor.ts';

/** What the agent watches with: the sensor of this installation (or the one named) and the pack (or the files named). */
export function watchSetup(io: Io, sensor: string | undefined, names: readonly string[]): WatchSetup {
  const files = (): readonly RuleFile[] => (names.length === 0 && packFolder() === undefined ? [] : readFiles(names, io));
  return {
    program: sensor === undefined ? (sensorPlace() ?? 'sensor/build/warden') : path.resolve(io.cwd, sensor),
    hasRules: () => names.length > 0 || files().length > 0,
    load(context) {
      const present = files();
      if (present.length === 0) return undefined;
      const loaded = load(present, context);
      const broken = loaded.problems.filter((problem) => problem.severity === 'error').map(problemLine);
      return { rules: loaded.ruleset.rules, windows: loaded.windows, broken, words: wordsOf(present, io.cwd) };
    },
  };
}

function packFolder(): string | undefined {
  try {
    return contentFolder('runtime');
  } catch {
    return undefined; // an installation without a pack: the agent says so as a gap
  }
}

/** The texts beside the rule files, by rule id; a rule lacks them unless both languages have it. */
function wordsOf(files: readonly RuleFile[], cwd: string): ReadonlyMap<string, RuleWords> {
  const words = new Map<string, RuleWords>();
  for (const { name } of files) {
    const [en, zh] = (['en', 'zh-CN'] as const).map((locale) => {
      const file = path.resolve(cwd, name.replace(/\.ya?ml$/, `.${locale}.yaml`));
      return existsSync(file) ? readRuleTexts(file, readFileSync(file, 'utf8')).texts : undefined;
    });
    for (const [id, text] of en ?? []) {
      const other = zh?.get(id);
      if (other !== undefined) words.set(id, { en: text, 'zh-CN': other });
    }
  }
  return words;
}
