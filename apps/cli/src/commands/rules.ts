import { family } from '../command.ts';

const usage = `palisade rules check FILE...
palisade rules explain FILE... RULE
palisade rules replay --trace TRACE --rules FILE... [--format text|json]
palisade rules export DIR
palisade rules update DIR

Rule files are Falco's; later files change earlier ones. "export" writes the product's pack to a new folder, to be edited;
"update" brings a later version of the pack into it and keeps the edits (docs/rules.md).

exit codes: 0 all rules load, 1 at least one error (each is listed with file, line, rule and field) or an edit that the
update changes otherwise, 2 wrong use

examples:
  palisade rules check falco_rules.yaml local_rules.yaml
  palisade rules explain falco_rules.yaml "Terminal shell in container"
  palisade rules replay --trace shell.ndjson --rules falco_rules.yaml --format json`;

export const command = family({ summary: { en: 'check, explain and replay runtime rules', 'zh-CN': '检查、解释、回放运行时规则' }, usage }, {
  check: () => import('./rules/check.ts'),
  explain: () => import('./rules/explain.ts'),
  replay: () => import('./rules/replay.ts'),
  export: () => import('./rules/export.ts'),
  update: () => import('./rules/update.ts'),
});
