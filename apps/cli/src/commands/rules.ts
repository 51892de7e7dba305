import { family } from '../command.ts';

const usage = `palisade rules check FILE...
palisade rules explain FILE... RULE
palisade rules replay --trace TRACE --rules FILE... [--format text|json]

Rule files are Falco's; later files change earlier ones.

exit codes: 0 all rules load, 1 at least one error (each is listed with file, line, rule and field), 2 wrong use

examples:
  palisade rules check falco_rules.yaml local_rules.yaml
  palisade rules explain falco_rules.yaml "Terminal shell in container"
  palisade rules replay --trace shell.ndjson --rules falco_rules.yaml --format json`;

export const command = family({ summary: { en: 'check, explain and replay runtime rules', 'zh-CN': '检查、解释、回放运行时规则' }, usage }, {
  check: () => import('./rules/check.ts'),
  explain: () => import('./rules/explain.ts'),
  replay: () => import('./rules/replay.ts'),
});
