import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline/promises';
import { download } from '@palisade/advisory/download';
import { feeds } from '@palisade/advisory/registry';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { installedFeed, located, parse } from './arguments.ts';
import { build } from './build.ts';
import { install } from './import.ts';
import { progressLine } from './progress.ts';

// What most images hold; Debian comes from its own tracker, which knows what is open and what will not be fixed.
const usual = ['Alpine', 'Ubuntu', 'Rocky Linux', 'AlmaLinux', 'Red Hat', 'Wolfi', 'npm', 'PyPI', 'Go', 'Maven', 'RubyGems', 'NuGet', 'Packagist', 'crates.io'];

/** `feed pull`: names the hosts, asks, fetches, builds, and imports (or writes --out). */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { ecosystem: { type: 'string', multiple: true }, yes: { type: 'boolean', short: 'y' }, out: { type: 'string', short: 'o' } });
  if (positionals.length > 0) throw new UsageError('usage: palisade feed pull [--ecosystem NAME]... [--yes] [--out FILE]');
  const zh = io.locale === 'zh-CN';
  const wanted = Object.entries(feeds).flatMap(([kind, feed]) => feed.fetcher.downloads({ ecosystems: values.ecosystem ?? usual }).map((source) => ({ kind, ...source })));
  const hosts = [...new Set(wanted.map((source) => new URL(source.url).host))];
  io.err(`${zh ? '将通过 https 访问：' : 'will ask, by https:'}\n${hosts.map((host) => `  ${host}\n`).join('')}`);
  if (values.yes !== true && !(await agreed(io))) {
    io.err(zh ? '未拉取任何内容。使用 --yes 可跳过询问。\n' : 'nothing was fetched; --yes answers the question beforehand\n');
    return 2;
  }
  const folder = path.join(path.dirname(installedFeed(io)), 'sources');
  mkdirSync(folder, { recursive: true });
  const line = progressLine(io);
  for (const [index, source] of wanted.entries()) {
    const progress = (done: number, total: number | undefined): void =>
      line.show(`[${index + 1}/${wanted.length}] ${source.name} ${(done / 1e6).toFixed(1)}${total === undefined ? '' : ` / ${(total / 1e6).toFixed(1)}`} MB`);
    await download(source, path.join(folder, source.name), { fetch, signal: io.signal, progress });
  }
  line.end();
  const out = values.out === undefined ? `${installedFeed(io)}.pulled` : located(io, values.out);
  await build(wanted.map((source) => ({ kind: source.kind, path: path.join(folder, source.name) })), out, false, io);
  if (values.out === undefined) return install(out, false, io);
  io.out(`${out}\n`);
  return 0;
}

async function agreed(io: Io): Promise<boolean> {
  if (!io.progress) return false;
  const reader = createInterface({ input: io.stdin, output: process.stderr });
  try {
    const answer = await reader.question(io.locale === 'zh-CN' ? '继续吗？[y/N] ' : 'go on? [y/N] ', { signal: io.signal });
    return /^(?:y|yes|是)$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}
