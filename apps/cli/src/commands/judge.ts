import type { Command } from '../command.ts';

/** Internal: the console's child that opens feed bundles and runs policies; lines of JSON in and out. */
export const command: Command = {
  summary: { en: 'judge images for the console (internal)', 'zh-CN': '为控制台评估镜像（内部）' },
  usage: 'palisade __judge',
  async run(_args, io) {
    const { serveJudgements } = await import('@palisade/app-console/judging/serve');
    await serveJudgements(io.stdin, io.out);
    return 0;
  },
};
