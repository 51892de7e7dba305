import type { Text } from '@palisade/model/text';
import type { Command } from './command.ts';

export type Entry = { readonly summary: Text; load(): Promise<Command> };

/** Every subcommand, one line each; loaded only when asked for, so that start-up stays small. */
export const commands: Readonly<Record<string, Entry>> = {
  agent: {
    summary: { en: 'run the agent of this node', 'zh-CN': '运行本机的节点代理' },
    load: async () => (await import('./commands/agent.ts')).command,
  },
  apply: {
    summary: { en: 'bring a console to what files declare', 'zh-CN': '按文件内容更新控制台中的声明' },
    load: async () => (await import('./commands/apply.ts')).command,
  },
  backup: {
    summary: { en: "write the console's data into a file", 'zh-CN': '备份控制台数据到文件' },
    load: async () => (await import('./commands/backup.ts')).command,
  },
  console: {
    summary: { en: 'run the console (API, pages, agent gateway)', 'zh-CN': '运行控制台（API、页面、节点代理网关）' },
    load: async () => (await import('./commands/console.ts')).command,
  },
  diff: {
    summary: { en: 'show what apply would change in a console', 'zh-CN': '显示 apply 会对控制台做出的修改' },
    load: async () => (await import('./commands/diff.ts')).command,
  },
  export: {
    summary: { en: 'print what a console has declared, as YAML', 'zh-CN': '以 YAML 输出控制台中的声明' },
    load: async () => (await import('./commands/export.ts')).command,
  },
  drill: {
    summary: { en: 'try the runtime rules with safe attacks', 'zh-CN': '用安全的攻击演练检验运行时规则' },
    load: async () => (await import('./commands/drill.ts')).command,
  },
  feed: {
    summary: { en: 'build, show, pull and import vulnerability feeds', 'zh-CN': '构建、查看、拉取、导入漏洞库' },
    load: async () => (await import('./commands/feed.ts')).command,
  },
  'join-token': {
    summary: { en: 'make a token that agents join a console with', 'zh-CN': '创建节点代理加入控制台的令牌' },
    load: async () => (await import('./commands/join-token.ts')).command,
  },
  restore: {
    summary: { en: 'fill an empty database from a backup', 'zh-CN': '用备份恢复控制台数据' },
    load: async () => (await import('./commands/restore.ts')).command,
  },
  rules: {
    summary: { en: 'check, explain and replay runtime rules', 'zh-CN': '检查、解释、回放运行时规则' },
    load: async () => (await import('./commands/rules.ts')).command,
  },
  scan: {
    summary: { en: 'scan an image, archive, directory, registry or SBOM', 'zh-CN': '扫描镜像、归档、目录、镜像仓库或 SBOM' },
    load: async () => (await import('./commands/scan.ts')).command,
  },
  up: {
    summary: { en: 'run console and agent on this machine', 'zh-CN': '在本机运行控制台和节点代理' },
    load: async () => (await import('./commands/up.ts')).command,
  },
  version: {
    summary: { en: 'compare package versions', 'zh-CN': '比较软件包版本' },
    load: async () => (await import('./commands/version.ts')).command,
  },
  watch: {
    summary: { en: 'watch this machine with runtime rules', 'zh-CN': '用运行时规则监视本机' },
    load: async () => (await import('./commands/watch.ts')).command,
  },
  waf: {
    summary: { en: 'run the web application firewall; test and install its rules', 'zh-CN': '运行 Web 应用防火墙，测试和安装规则' },
    load: async () => (await import('./commands/waf.ts')).command,
  },
};

/** Commands that this CLI starts as its own children; not shown in the help. */
export const internalCommands: Readonly<Record<string, Omit<Entry, 'summary'>>> = {
  '__judge': { load: async () => (await import('./commands/judge.ts')).command },
  '__scan-worker': { load: async () => (await import('./commands/scan-worker.ts')).command },
  '__engine-guard': { load: async () => (await import('./commands/engine-guard.ts')).command },
  '__waf-front': { load: async () => (await import('./commands/waf-front.ts')).command },
  '__waf-worker': { load: async () => (await import('./commands/waf-worker.ts')).command },
};
