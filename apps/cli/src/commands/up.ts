import path from 'node:path';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { homeFolder } from '../home.ts';
import { consoleEnvironment } from './console.ts';

export const command: Command = {
  summary: { en: 'run console and agent on this machine', 'zh-CN': '在本机运行控制台和节点代理' },
  usage: ['palisade up [--no-host-scan]', '', 'Starts the console and, enrolled with it, the agent of this node: as an unprivileged container where a Docker engine', 'runs and root asks, else as processes, and says which. Ctrl-C ends all of it.', '', '--no-host-scan   leave out the packages of the node itself', '', ...consoleEnvironment].join('\n'),
  async run(args, io) {
    const unknown = args.find((arg) => arg !== '--no-host-scan');
    if (unknown !== undefined) throw new UsageError(`up does not know ${unknown}`);
    const { openConsole, untilEnded } = await import('../console/open.ts');
    const { joinTokenFor } = await import('@palisade/app-console/local-agent');
    const { forgetIdentity, loadIdentity } = await import('@palisade/app-agent/gateway/identity');
    const { keepAgent } = await import('../up/keep-agent.ts');
    const { placeAgent } = await import('../up/place-agent.ts');
    const { followScans } = await import('../up/follow-scans.ts');
    const { buildSensorBeside } = await import('./watch/sensor.ts');
    const home = homeFolder(io.env);
    const running = await openConsole(io);
    const folder = path.join(home, 'agent');
    try {
      const join = await joinTokenFor(running.context, loadIdentity(folder));
      if (join !== undefined) forgetIdentity(folder);
      const sensor = buildSensorBeside(io.signal);
      void sensor.then((problem) => {
        if (!io.signal.aborted && problem !== undefined && 'tried' in problem) io.err(io.locale === 'zh-CN' ? `palisade：传感器未能编译，节点不受监视：${problem.tried}\n` : `palisade: the sensor could not be built, this node is not watched: ${problem.tried}\n`);
      });
      const agent = keepAgent({ io, home, join, args, container: await placeAgent({ io, home, gateway: running.agentUrl, sensor }) });
      const scans = followScans(running.context.db, io);
      await untilEnded(io);
      await Promise.all([agent.stop(), scans]);
    } finally {
      await running.stop();
    }
    return 0;
  },
};
