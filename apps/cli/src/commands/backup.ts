import path from 'node:path';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { progressLine } from '../console/progress-line.ts';
import { productVersion } from '../product-version.ts';

export const command: Command = {
  summary: { en: "write the console's data of one moment into a file", 'zh-CN': '将控制台某一时刻的全部数据写入文件' },
  usage: [
    'palisade backup FILE',
    '',
    'A running console goes on working. Sessions are left out: people sign in again after a restore.',
    'The CA key and stored credentials lie in the file sealed under the secret (PALISADE_SECRET, else PALISADE_HOME/secret).',
    'The secret itself is not in the file: keep it elsewhere. Without it nobody can restore, and a stolen backup opens no key.',
    '',
    'PALISADE_DATABASE_URL and PALISADE_HOME name the installation, as for the console.',
  ].join('\n'),
  async run(args, io) {
    const [file, ...rest] = args;
    if (file === undefined || rest.length > 0 || file.startsWith('-')) throw new UsageError('backup takes one FILE to write');
    const { readSettings } = await import('@palisade/app-console/settings');
    const { openInstallation } = await import('@palisade/app-console/backup/open');
    const { takeBackup } = await import('@palisade/app-console/backup/take');
    const zh = io.locale === 'zh-CN';
    const settings = readSettings(io.env);
    const opened = await openInstallation(settings, (message) => io.err(`palisade: ${message}\n`), false);
    const line = progressLine(io);
    try {
      const done = await takeBackup(opened.database, path.resolve(io.cwd, file), productVersion, line.show);
      line.end();
      io.out(zh ? `备份完成：${file}，${done.tables} 张表，${done.rows} 行，时间 ${done.taken}\n` : `backup: ${file}, ${done.tables} tables, ${done.rows} rows, as of ${done.taken}\n`);
      const secret = settings.secret === undefined ? path.join(settings.home, 'secret') : 'PALISADE_SECRET';
      io.err(zh ? `palisade：恢复时还需要密钥（${secret}），它不在备份中，请另行妥善保存\n` : `palisade: a restore also needs the secret (${secret}), which is not in the backup: keep it elsewhere\n`);
    } finally {
      await opened.close();
    }
    return 0;
  },
};
