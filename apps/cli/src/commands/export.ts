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
    query.set('limit', '200');
    for (let first = true; ; first = false) {
      const { text, next } = await callConsole<{ text: string; next: string | null }>(io, values, 'GET', `/documents/export?${query.toString()}`);
      io.out(first || text === '' ? text : `---\n${text}`);
      if (next === null) return 0;
      query.set('cursor', next);
    }
  },
};
