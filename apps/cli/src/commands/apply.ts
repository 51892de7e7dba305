import type { Command, Io } from '../command.ts';
import { UsageError } from '../command.ts';
import { callConsole, consoleOptions, consoleUsage, parse } from './documents/console.ts';
import { readDeclared } from './documents/files.ts';

type Applied = { items: { kind: string; name: string; result: 'created' | 'changed' | 'unchanged' | 'removed'; state: string | null; diff: string }[] };

const words = {
  created: { en: 'created', 'zh-CN': '已创建' },
  changed: { en: 'changed', 'zh-CN': '已修改' },
  unchanged: { en: 'unchanged', 'zh-CN': '未变化' },
  removed: { en: 'removed', 'zh-CN': '已删除' },
} as const;

/** Brings a console to what files declare, or says what that would change. */
export const command: Command = {
  summary: { en: 'bring a console to what files declare', 'zh-CN': '按文件内容更新控制台中的声明' },
  usage: `palisade apply [--prune] FILE|DIR|-...

--prune         also remove what git owns and the files no longer have
${consoleUsage}

All of it or nothing. Documents with "owner: git" are read-only in the console afterwards.

examples:
  palisade apply policies/
  palisade diff policies/ && echo nothing to do`,
  run: (args, io) => run(args, io, false),
};

/** `dryRun`: nothing is stored; exit code 1 when something would change. */
export async function run(args: readonly string[], io: Io, dryRun: boolean): Promise<number> {
  const { values, positionals } = parse(args, { ...consoleOptions, prune: { type: 'boolean' } });
  if (positionals.length === 0) throw new UsageError(`name a file, a directory or "-"; see palisade ${dryRun ? 'diff' : 'apply'} --help`);
  const text = await readDeclared(positionals, io);
  if (text === undefined) return 2;
  const file = positionals.length === 1 ? (positionals[0] ?? '') : 'documents';
  const { items } = await callConsole<Applied>(io, values, 'POST', '/documents/apply', { text, file: file.slice(-200), dryRun, prune: values.prune === true });
  for (const item of items) {
    if (dryRun && item.result === 'unchanged') continue;
    const waiting = item.state === 'requested' ? (io.locale === 'zh-CN' ? '（等待批准）' : ' (waits for approval)') : '';
    io.out(`${item.kind}/${item.name} ${words[item.result][io.locale]}${waiting}\n`);
    if (dryRun && item.diff !== '') io.out(`${item.diff.replace(/^(?=.)/gm, '  ')}\n`);
  }
  return dryRun && items.some((item) => item.result !== 'unchanged') ? 1 : 0;
}
