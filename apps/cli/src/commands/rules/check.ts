import { parseArgs } from 'node:util';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { messageOf } from '@palisade/model/error';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { bareContext, load, readFiles } from './load.ts';
import { textProblems } from './texts.ts';
import { unrecordedProblems } from './unrecorded.ts';

/** `rules check`: every error with file, line, rule and field; exit 1 when there is one. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { files: names, format } = parse(args);
  if (names.length === 0) throw new UsageError('usage: palisade rules check FILE... [--format text|json]');
  const loaded = load(readFiles(names, io), bareContext);
  const { ruleset, windows } = loaded;
  const problems = [...loaded.problems, ...ruleset.unused(), ...unrecordedProblems(loaded), ...textProblems(names, loaded, io)];
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const counts = { ...ruleset.counts, windowed: windows.length, loaded: ruleset.rules.length + windows.length, errors, warnings: problems.length - errors };
  if (format === 'json') io.out(`${JSON.stringify({ ok: errors === 0, counts, problems }, null, 2)}\n`);
  else {
    for (const problem of problems) io.out(`${problemLine(problem)}\n`);
    io.out(io.locale === 'zh-CN' ? `已加载 ${counts.loaded} 条规则（${counts.macros} 个宏，${counts.lists} 个列表），${errors} 个错误，${counts.warnings} 个警告\n` : `${counts.loaded} rules loaded (${counts.macros} macros, ${counts.lists} lists), ${errors} errors, ${counts.warnings} warnings\n`);
  }
  return errors === 0 ? 0 : 1;
}

function parse(args: readonly string[]): { files: readonly string[]; format: 'text' | 'json' } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { format: { type: 'string' } }, allowPositionals: true });
    const format = values.format ?? 'text';
    if (format !== 'text' && format !== 'json') throw new Error('--format is text or json');
    return { files: positionals, format };
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
