import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';

export const consoleEnvironment = [
  'PALISADE_LISTEN        pages and API        (default 127.0.0.1:7443)',
  'PALISADE_AGENT_LISTEN  agents, mTLS         (default 127.0.0.1:7444)',
  'PALISADE_DATABASE_URL  an existing Postgres (default: an embedded one under PALISADE_HOME)',
  'PALISADE_SECRET        seals stored keys    (default: made once under PALISADE_HOME)',
  'PALISADE_RATE_LIMIT   API requests a minute from one address (default 6000; 0: no limit)',
  'PALISADE_TRUSTED_PROXIES  proxies whose x-forwarded-for is believed: 10.0.0.0/8,192.168.1.2 (default none)',
  'PALISADE_LOG           fatal | error | warn | info | debug (default warn at a terminal, else info)',
] as const;

export const command: Command = {
  summary: { en: 'run the console (API, pages, agent gateway)', 'zh-CN': '运行控制台（API、页面、节点代理网关）' },
  usage: ['palisade console', '', ...consoleEnvironment].join('\n'),
  async run(args, io) {
    if (args.length > 0) throw new UsageError(`console takes no arguments: ${args[0] ?? ''}`);
    const { openConsole, untilEnded } = await import('../console/open.ts');
    const running = await openConsole(io);
    await untilEnded(io);
    await running.stop();
    return 0;
  },
};
