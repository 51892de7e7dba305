import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { callConsole, consoleOptions, consoleUsage, parse } from './documents/console.ts';

const kinds = ['docker-host', 'kubernetes', 'host'];

/** Makes the token that agents join a console with; prints nothing else, so that it can go straight into a Secret. */
export const command: Command = {
  summary: { en: 'make a token that agents join a console with', 'zh-CN': '创建节点代理加入控制台的令牌' },
  usage: `palisade join-token --cluster NAME [--kind docker-host|kubernetes|host] [--uses N] [--hours N]

--uses N    how many nodes may join with it (default 1; a DaemonSet needs one token for all its nodes)
--hours N   how long it is good for (default 1, at most 2160)
${consoleUsage}

The API token needs the role admin. The join token goes to standard output, until when it is good to standard error.

examples:
  PALISADE_JOIN=$(palisade join-token --cluster shop) docker compose up -d node
  palisade join-token --cluster prod --kind kubernetes --uses 50 --hours 24 | kubectl create secret generic palisade-join --from-file=token=/dev/stdin`,
  async run(args, io) {
    const { values, positionals } = parse(args, { ...consoleOptions, cluster: { type: 'string' }, kind: { type: 'string', default: 'docker-host' }, uses: { type: 'string', default: '1' }, hours: { type: 'string', default: '1' } });
    if (positionals.length > 0 || values.cluster === undefined) throw new UsageError('join-token needs --cluster NAME, and nothing beside its options');
    if (!kinds.includes(values.kind)) throw new UsageError(`--kind is one of ${kinds.join(', ')}`);
    const body = { cluster: values.cluster, kind: values.kind, uses: count('--uses', values.uses), hours: count('--hours', values.hours) };
    const made = await callConsole<{ token: string; expires: string }>(io, values, 'POST', '/join-tokens', body);
    io.out(`${made.token}\n`);
    io.err(io.locale === 'zh-CN' ? `可加入 ${body.uses} 个节点，有效至 ${made.expires}\n` : `for ${body.uses === 1 ? '1 node' : `${body.uses} nodes`}, until ${made.expires}\n`);
    return 0;
  },
};

function count(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new UsageError(`${option}: "${text}" is no whole number above 0`);
  return Number(text);
}
