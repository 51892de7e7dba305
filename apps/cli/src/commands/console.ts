import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { productVersion } from '../product-version.ts';

export const command: Command = {
  summary: { en: 'run the console (API, pages, agent gateway)', 'zh-CN': '运行控制台（API、页面、节点代理网关）' },
  usage: [
    'palisade console',
    '',
    'PALISADE_LISTEN        pages and API        (default 127.0.0.1:7443)',
    'PALISADE_AGENT_LISTEN  agents, mTLS         (default 127.0.0.1:7444)',
    'PALISADE_DATABASE_URL  an existing Postgres (default: an embedded one under PALISADE_HOME)',
    'PALISADE_SECRET        seals stored keys    (default: made once under PALISADE_HOME)',
    'PALISADE_LOG           fatal | error | warn | info | debug (default warn at a terminal, else info)',
  ].join('\n'),
  async run(args, io) {
    if (args.length > 0) throw new UsageError(`console takes no arguments: ${args[0] ?? ''}`);
    const { startConsole } = await import('@palisade/app-console/start');
    const { readSettings } = await import('@palisade/app-console/settings');
    const zh = io.locale === 'zh-CN';
    io.err(zh ? 'palisade：正在启动控制台…\n' : 'palisade: starting the console…\n');
    const running = await startConsole(readSettings({ PALISADE_LOG: io.progress ? 'warn' : 'info', ...io.env }), { version: productVersion, web: webFolder() });
    io.out(zh ? `控制台：${running.url}\n` : `console: ${running.url}\n`);
    io.out(zh ? `节点代理网关：${running.agentUrl}\n` : `agent gateway: ${running.agentUrl}\n`);
    if (running.firstRun !== undefined) io.out(zh ? `首次使用，请打开此一次性链接（24 小时内有效）创建管理员：${running.firstRun}\n` : `first run: create the administrator with this one-time link (24 h): ${running.firstRun}\n`);
    await new Promise<void>((resolve) => {
      if (io.signal.aborted) resolve();
      else io.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    io.err(zh ? 'palisade：正在停止…\n' : 'palisade: stopping…\n');
    await running.stop();
    return 0;
  },
};

/** dist/web, whether this runs from source (apps/cli/src/commands) or from the build (dist/cli/chunks). */
function webFolder(): string | undefined {
  let folder = import.meta.dirname;
  for (let up = 0; up < 6; up += 1) {
    const candidate = path.join(folder, 'dist', 'web');
    if (existsSync(path.join(candidate, 'index.html'))) return candidate;
    folder = path.dirname(folder);
  }
  return undefined;
}
