import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';

const usage = `palisade waf test --rules GLOB [--rules GLOB]... [--overrides FILE] [--min N] CASES...
  palisade waf test --rules crs/crs-setup.conf --rules 'crs/rules/*.conf' tests/regression
  palisade waf rules install PATH|deb
  palisade waf rules list`;

export const command: Command = {
  summary: { en: 'test web application firewall rules', 'zh-CN': '测试 Web 应用防火墙规则' },
  usage,
  async run(args, io) {
    const [word, ...rest] = args;
    if (word === 'test') return (await import('./waf/test.ts')).test(rest, io);
    if (word === 'rules') return (await import('./waf/rules/command.ts')).rules(rest, io);
    throw new UsageError(`usage: ${usage}`);
  },
};
