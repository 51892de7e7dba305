import { hostname } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { homeFolder } from '../home.ts';
import { endWithHostParent, parentGone } from '../parent.ts';
import { productVersion } from '../product-version.ts';

export const command: Command = {
  summary: { en: 'run the agent of this node', 'zh-CN': '运行本机的节点代理' },
  usage: [
    'palisade agent [--join TOKEN] [--name NAME] [--no-host-scan] [--sensor PATH | --no-sensor] [--rules FILE]... [--pin DIR | --no-pin]',
    '              [--worker-user UID]',
    '',
    '--join TOKEN     enrol this node on first use (a join token is made in the console; PALISADE_JOIN does the same)',
    '--name NAME      how the node is called (default: its host name)',
    '--no-host-scan   leave out the packages of the node itself',
    '--sensor PATH    the sensor program (default: the one of this installation, waited for)',
    '--no-sensor      do not watch what runs',
    '--pin DIR        a folder in bpffs that keeps deny lists, isolation and holds after the agent was stopped too; without it',
    '                 one of the agent\'s own keeps them when our processes are killed, and goes when the agent is stopped',
    '--no-pin         pin nothing',
    '--rules FILE     rule files instead of the product\'s own pack; may be given more than once',
    '--worker-user N  user id of the firewall workers in front of containers (docs/waf-front.md; default 65532)',
    '',
    'State lies under PALISADE_HOME/agent. DOCKER_HOST=unix://... names the engine.',
  ].join('\n'),
  async run(args, io) {
    const { values } = parse(args);
    const { runAgent } = await import('@palisade/app-agent/start');
    const { engineSocket, linkEngine } = await import('../scan/engine-link.ts');
    const { watchSetup } = await import('./watch/setup.ts');
    const { frontSetup } = await import('./waf/front-setup.ts');
    endWithHostParent(io.env);
    const home = homeFolder(io.env);
    const joinToken = values.join ?? io.env['PALISADE_JOIN'];
    await runAgent({
      folder: path.join(home, 'agent'),
      version: productVersion,
      name: values.name ?? hostname(),
      ...(joinToken === undefined ? {} : { joinToken }),
      self: io.self,
      env: io.env,
      linkEngine: () => linkEngine(io),
      engineSocket: engineSocket(io.env),
      scanHost: values['no-host-scan'] !== true,
      ...(values['no-sensor'] === true ? {} : { watch: watchSetup(io, values.sensor, values.rules ?? []) }),
      ...(values['no-pin'] === true ? { pins: 'none' } : values.pin === undefined ? {} : { pins: values.pin }),
      ...(values['no-sensor'] === true ? {} : { front: frontSetup(io, workerUser(values['worker-user'])) }),
      signal: AbortSignal.any([io.signal, parentGone(io.env)]),
      log: (message) => io.err(`${new Date().toISOString()} agent: ${message}\n`),
    });
    return 0;
  },
};

function workerUser(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--worker-user ${text}: a user id`);
  return Number(text);
}

function parse(args: readonly string[]): { values: { join?: string | undefined; name?: string | undefined; 'no-host-scan'?: boolean | undefined; sensor?: string | undefined; 'no-sensor'?: boolean | undefined; rules?: string[] | undefined; pin?: string | undefined; 'no-pin'?: boolean | undefined; 'worker-user'?: string | undefined } } {
  try {
    return parseArgs({ args: [...args], options: { join: { type: 'string' }, name: { type: 'string' }, 'no-host-scan': { type: 'boolean' }, sensor: { type: 'string' }, 'no-sensor': { type: 'boolean' }, rules: { type: 'string', multiple: true }, pin: { type: 'string' }, 'no-pin': { type: 'boolean' }, 'worker-user': { type: 'string' } }, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
