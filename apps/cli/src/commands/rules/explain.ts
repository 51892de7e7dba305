import { parseArgs } from 'node:util';
import { messageOf } from '@palisade/model/error';
import { printCondition } from '@palisade/syscall-rules/condition/print';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import { eventTypes } from '@palisade/syscall-rules/event-types/table';
import type { Enforcement } from '@palisade/syscall-rules/response/prevention';
import { enforcementOf } from '@palisade/syscall-rules/response/prevention';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { bareContext, load, readFiles } from './load.ts';

/** `rules explain`: what a rule is about and whether it prevents, acts after, or only alerts. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args);
  const wanted = positionals.at(-1);
  const names = positionals.slice(0, -1);
  if (wanted === undefined) throw new UsageError('usage: palisade rules explain FILE... RULE');
  const { ruleset, windows, problems } = load(readFiles(names, io), bareContext);
  const windowed = windows.find((rule) => rule.name === wanted || rule.id === wanted);
  const rule = ruleset.rules.find((rule) => rule.name === wanted || rule.id === wanted) ?? windowed;
  if (rule === undefined) {
    const broken = problems.filter((problem) => problem.severity === 'error' && problem.item === `rule "${wanted}"`);
    for (const problem of broken) io.err(`${problemLine(problem)}\n`);
    if (broken.length > 0) return 1;
    throw new UsageError(`no rule "${wanted}" in ${names.length === 0 ? 'the product\'s pack' : names.join(', ')}`);
  }
  const enforcement: Enforcement = 'output' in rule && windowed !== undefined && rule === windowed ? { kind: 'acts-after', reason: 'it counts events over time, so the last of them has happened' } : enforcementOf(rule as Parameters<typeof enforcementOf>[0]);
  const types = rule.eventTypes.map((id) => eventTypes[id]?.name ?? '');
  const fields = 'fields' in rule ? rule.fields : [];
  const condition = printCondition(rule.condition);
  if (values.format === 'json') {
    io.out(`${JSON.stringify({ rule: rule.name, id: rule.id, file: rule.file, line: rule.line, priority: rule.priority, enabled: rule.enabled, tags: rule.tags, enforcement, condition, eventTypes: types, fields, output: rule.output.names }, null, 2)}\n`);
    return 0;
  }
  io.out(text(io, [
    [`${rule.name} (${rule.file}:${rule.line})`, ''],
    [io.locale === 'zh-CN' ? '说明' : 'about', rule.desc],
    [io.locale === 'zh-CN' ? '级别' : 'priority', `${rule.priority}${rule.enabled ? '' : io.locale === 'zh-CN' ? '（已停用）' : ' (disabled)'}`],
    [io.locale === 'zh-CN' ? '标签' : 'tags', rule.tags.join(', ')],
    [io.locale === 'zh-CN' ? '处置' : 'enforcement', enforcementText(enforcement, io)],
    ...(enforcement.kind === 'prevents' ? [] : [[io.locale === 'zh-CN' ? '响应策略' : 'response policy', io.locale === 'zh-CN' ? `不能要求 prevent：${rule.file}:${rule.line}：${enforcement.reason}` : `asking it to prevent is refused: ${rule.file}:${rule.line}: ${enforcement.reason}`] as const]),
    [io.locale === 'zh-CN' ? '事件' : 'events', types.length === eventTypes.length ? (io.locale === 'zh-CN' ? '全部' : 'all') : types.join(', ')],
    [io.locale === 'zh-CN' ? '字段' : 'fields', fields.join(', ')],
    [io.locale === 'zh-CN' ? '条件' : 'condition', condition],
  ]));
  return 0;
}

function enforcementText(enforcement: Enforcement, io: Io): string {
  const zh = io.locale === 'zh-CN';
  if (enforcement.kind === 'alerts') return zh ? `仅告警：${enforcement.reason}` : `alerts: ${enforcement.reason}`;
  if (enforcement.kind === 'acts-after') return zh ? `事后处置（结束进程、暂停容器等）：${enforcement.reason}` : `acts after (kill, pause …): ${enforcement.reason}`;
  const entries = enforcement.entries.map((entry) => `${entry.op} ${entry.text === '' ? '*' : entry.text}${entry.upper === true ? ' upper' : ''}${entry.memfd === true ? ' memfd' : ''}${entry.containers === true ? ' (containers)' : ''}`);
  const shown = entries.slice(0, 8).join('; ') + (entries.length > 8 ? ` … (${entries.length})` : '');
  return zh ? `可预防：由内核单独判定，首条指令之前结束：${shown}` : `prevents: the kernel alone decides, before the first instruction: ${shown}`;
}

function text(_io: Io, rows: readonly (readonly [string, string])[]): string {
  return `${rows.map(([label, value], index) => (index === 0 ? label : `  ${label}: ${value}`)).join('\n')}\n`;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { format: { type: 'string' } }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(messageOf(error));
  }
}
