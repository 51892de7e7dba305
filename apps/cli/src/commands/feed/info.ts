import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { openBundle } from '@palisade/advisory/bundle/open';
import type { Manifest, Source } from '@palisade/advisory/bundle/format';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { located, parse } from './arguments.ts';

/** `feed info`: what a bundle holds. Exit 1 when --verify finds it changed. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { format: { type: 'string' }, verify: { type: 'boolean' } });
  const [file] = positionals;
  const format = values.format ?? 'table';
  if (file === undefined || positionals.length !== 1 || (format !== 'table' && format !== 'json')) throw new UsageError('usage: palisade feed info FILE [--format table|json] [--verify]');
  const bundle = openBundle(located(io, file));
  try {
    const sha256 = await digestOf(located(io, file));
    const verified = values.verify === true ? bundle.verify() : undefined;
    const extra = { sha256, age: bundle.summary(new Date()).age, ...(verified === undefined ? {} : { verified }) };
    io.out(format === 'json' ? `${JSON.stringify({ ...bundle.manifest, ...extra }, null, 2)}\n` : table(bundle.manifest, extra, io));
    return verified === false ? 1 : 0;
  } finally {
    bundle.close();
  }
}

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk);
  return hash.digest('hex');
}

function table(manifest: Manifest, extra: { sha256: string; age: number; verified?: boolean }, io: Io): string {
  const zh = io.locale === 'zh-CN';
  const { counts } = manifest;
  const days = Math.floor(extra.age / 86_400);
  const lines = [
    zh ? `漏洞库 ${manifest.id}` : `bundle ${manifest.id}`,
    zh ? `  数据截至 ${manifest.built}（${days} 天前）` : `  data up to ${manifest.built} (${days} days old)`,
    zh ? `  公告 ${counts.advisories}，软件包 ${counts.packages}，受影响范围 ${counts.ranges}，CVE ${counts.cves}` : `  ${counts.advisories} advisories, ${counts.packages} packages, ${counts.ranges} affected entries, ${counts.cves} CVEs`,
    `  sha256 ${extra.sha256}`,
    ...(extra.verified === undefined ? [] : [extra.verified ? (zh ? '  内容校验通过' : '  content verified') : zh ? '  内容校验失败：已被改动' : '  content does NOT match its digest']),
    '',
    ...manifest.sources.flatMap((source) => sourceLines(source, zh)),
    ...manifest.skipped.map(({ name, reason }) => (zh ? `已跳过 ${name}：${reason}` : `skipped ${name}: ${reason}`)),
  ];
  return `${lines.join('\n')}\n`;
}

function sourceLines(source: Source, zh: boolean): string[] {
  const lines = [`${source.name}  ${source.kind}  ${source.date.slice(0, 10)}  ${source.records}${zh ? ' 条' : ' records'}`];
  const groups = new Map<string, string[]>();
  for (const [ecosystem, coverage] of Object.entries(source.coverage)) {
    const state = coverage === 'complete' ? (zh ? '完整' : 'complete') : `${zh ? '部分' : 'partial'} (${coverage.partial})`;
    groups.set(state, [...(groups.get(state) ?? []), ecosystem]);
  }
  for (const [state, ecosystems] of groups) lines.push(`  ${state}: ${ecosystems.slice(0, 12).join(', ')}${ecosystems.length > 12 ? ` … (${ecosystems.length})` : ''}`);
  for (const { reason, count } of source.skips) lines.push(`  ${zh ? '跳过' : 'skipped'} ${count}: ${reason}`);
  if (source.broken.length > 0) lines.push(`  ${zh ? '无法读取' : 'unreadable'}: ${source.broken[0]?.where ?? ''}${source.broken.length > 1 ? ` … (${source.broken.length})` : ''}`);
  return lines;
}
