import type { Command } from '../command.ts';
import { UsageError } from '../command.ts';
import { callConsole, consoleOptions, consoleUsage, parse } from './documents/console.ts';

/** Prints what a console has declared. */
export const command: Command = {
  summary: { en: 'print what a console has declared, as YAML', 'zh-CN': '以 YAML 输出控制台中的声明' },
  usage: `palisade export [--kind KIND] [--owner console|git]

${consoleUsage}

examples:
  palisade export > all.yaml
  palisade export --kind GatePolicy`,
  async run(args, io) {
    const { values, positionals } = parse(args, { ...consoleOptions, kind: { type: 'string' }, owner: { type: 'string' } });
    if (positionals.length > 0) throw new UsageError('export takes no arguments beside its options');
    const query = new URLSearchParams(Object.entries({ kind: values.kind, owner: values.owner }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
    const { text } = await callConsole<{ text: string }>(io, values, 'GET', `/documents/export?${query.toString()}`);
    io.out(text);
    return 0;
  },
};
