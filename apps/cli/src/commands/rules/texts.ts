import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '@palisade/syscall-rules/documents/problem';
import { readRuleTexts } from '@palisade/syscall-rules/documents/texts';
import type { Io } from '../../command.ts';
import type { Loaded } from './load.ts';

/** Checks the texts beside a rule file (`<file>.en.yaml`, `<file>.zh-CN.yaml`), where there are any. */
export function textProblems(names: readonly string[], loaded: Loaded, io: Io): readonly Problem[] {
  return names.flatMap((name) =>
    (['en', 'zh-CN'] as const).flatMap((locale): readonly Problem[] => {
      const file = name.replace(/\.ya?ml$/, `.${locale}.yaml`);
      const full = path.resolve(io.cwd, file);
      if (file === name || !existsSync(full)) return [];
      const ids = new Set([...loaded.ruleset.rules, ...loaded.windows].filter((rule) => rule.file === name).map((rule) => rule.id));
      const { texts, problems } = readRuleTexts(file, readFileSync(full, 'utf8'));
      const problem = (message: string): Problem => ({ severity: 'error', code: 'texts', file, line: 1, message });
      return [
        ...problems,
        ...[...ids].filter((id) => !texts.has(id)).map((id) => problem(`no text for ${id}`)),
        ...[...texts.keys()].filter((id) => !ids.has(id)).map((id) => problem(`text for ${id}, but ${name} has no such rule`)),
      ];
    }),
  );
}
