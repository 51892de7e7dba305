import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { progressLine } from '../console/progress-line.ts';

export const command: Command = {
  summary: { en: "fill an empty database from a backup of the console's data", 'zh-CN': '用备份恢复控制台数据（目标数据库必须为空）' },
  usage: [
    'palisade restore FILE [--secret-file F]',
    '',
    '--secret-file F   the secret of the installation backed up (default: PALISADE_SECRET, else PALISADE_HOME/secret)',
    '',
    'The file is checked to its end before anything is written. A database with tables in it, a backup of a newer release',
    'and a wrong secret are refused. Afterwards start the console; enrolled agents go on, people sign in again.',
  ].join('\n'),
  async run(args, io) {
    const { file, secretFile } = read(args);
    const { readSettings } = await import('@palisade/app-console/settings');
    const { openInstallation, withSecretFile } = await import('@palisade/app-console/backup/open');
    const { restoreBackup } = await import('@palisade/app-console/backup/restore');
    const zh = io.locale === 'zh-CN';
    // With a secret file and a URL, PALISADE_SECRET need not be set as well.
    const given = readSettings(secretFile === undefined ? io.env : { PALISADE_SECRET: 'comes from the file given', ...io.env });
    const settings = secretFile === undefined ? given : withSecretFile(given, path.resolve(io.cwd, secretFile));
    const opened = await openInstallation(settings, (message) => io.err(`palisade: ${message}\n`), true);
    const line = progressLine(io);
    try {
      const done = await restoreBackup(opened.database, path.resolve(io.cwd, file), opened.secret, line.show);
      line.end();
      io.out(
        zh
          ? `恢复完成：${done.tables} 张表，${done.rows} 行，数据时间 ${done.taken}；${done.agents} 个节点代理将重新上报\n`
          : `restored: ${done.tables} tables, ${done.rows} rows, as of ${done.taken}; ${done.agents} agents are asked to report anew\n`,
      );
    } finally {
      await opened.close();
    }
    return 0;
  },
};

function read(args: readonly string[]): { file: string; secretFile: string | undefined } {
  try {
    const { values, positionals } = parseArgs({ args: [...args], options: { 'secret-file': { type: 'string' } }, allowPositionals: true, strict: true });
    const [file, ...rest] = positionals;
    if (file === undefined || rest.length > 0) throw new UsageError('restore takes one FILE to read');
    return { file, secretFile: values['secret-file'] };
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
