import type { Command } from '../command.ts';
import { run } from './apply.ts';
import { consoleUsage } from './documents/console.ts';

/** What `apply` would change. */
export const command: Command = {
  summary: { en: 'show what apply would change in a console', 'zh-CN': '显示 apply 会对控制台做出的修改' },
  usage: `palisade diff [--prune] FILE|DIR|-...

${consoleUsage}

Exit code 0: nothing would change; 1: something would; 2: a file or the console refused.`,
  run: (args, io) => run(args, io, true),
};
