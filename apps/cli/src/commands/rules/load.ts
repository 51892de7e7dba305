import { readFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import type { Problem } from '@palisade/syscall-rules/documents/problem';
import type { FieldContext } from '@palisade/syscall-rules/fields/field';
import type { RuleFile, Ruleset } from '@palisade/syscall-rules/ruleset';
import { loadRules } from '@palisade/syscall-rules/ruleset';
import type { CompiledWindow } from '@palisade/syscall-rules/windowed/load';
import { isWindowedFile, loadWindowed } from '@palisade/syscall-rules/windowed/load';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { contentFiles } from '../../scan/content.ts';

export type Loaded = { readonly ruleset: Ruleset; readonly windows: readonly CompiledWindow[]; readonly problems: readonly Problem[]; readonly files: readonly RuleFile[] };

/** Reads rule files in order; without any, the product's own pack. Unreadable files are wrong use. */
export function readFiles(names: readonly string[], io: Io): readonly RuleFile[] {
  if (names.length === 0) return contentFiles('runtime', /^(?!.*\.(?:en|zh-CN)\.yaml$).*\.yaml$/).map(({ file, text }) => ({ name: path.relative(io.cwd, file), content: text }));
  return names.map((name) => {
    try {
      return { name, content: readFileSync(path.resolve(io.cwd, name), 'utf8') };
    } catch (error) {
      throw new UsageError(`cannot read ${name}: ${messageOf(error)}`);
    }
  });
}

/** Rules and windowed rules of all files, compiled for one source of events. */
export function load(files: readonly RuleFile[], context: FieldContext): Loaded {
  const ruleset = loadRules(files.filter((file) => !isWindowedFile(file.content)), context);
  const windowed = loadWindowed(files.filter((file) => isWindowedFile(file.content)), ruleset, context);
  return { ruleset, windows: windowed.windows, problems: [...ruleset.problems, ...windowed.problems], files };
}

/** A context in which nothing is known but the events themselves. */
export const bareContext: FieldContext = { source: { origin: 0n, hostname: '' }, names: { user: () => undefined, group: () => undefined, addresses: () => [] } };
