import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';

export const command: Command = {
  summary: { en: 'compare package versions', 'zh-CN': '比较软件包版本' },
  usage: 'palisade version compare SCHEME A B | palisade version compare SCHEME -',
  run() {
    throw new UsageError('usage: palisade version compare SCHEME A B');
  },
};
