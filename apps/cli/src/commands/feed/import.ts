import { copyFileSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { openBundle } from '@palisade/advisory/bundle/open';
import { shrinkage } from '@palisade/advisory/bundle/shrink';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { installedFeed, located, parse } from './arguments.ts';

/** `feed import`: makes a bundle the installation's own, once its content is verified and not suspiciously smaller. */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const { values, positionals } = parse(args, { 'allow-shrink': { type: 'boolean' } });
  const [file] = positionals;
  if (file === undefined || positionals.length !== 1) throw new UsageError('usage: palisade feed import FILE [--allow-shrink]');
  return install(located(io, file), values['allow-shrink'] === true, io);
}

/** Copies, verifies the copy, compares with the present bundle, then swaps. Exit code 1 when refused. */
export async function install(file: string, allowShrink: boolean, io: Io): Promise<number> {
  const target = installedFeed(io);
  const zh = io.locale === 'zh-CN';
  mkdirSync(path.dirname(target), { recursive: true });
  // The copy is what is verified and kept: the given file may change under us.
  const incoming = `${target}.incoming`;
  copyFileSync(file, incoming);
  const bundle = openBundle(incoming);
  const { manifest } = bundle;
  const whole = bundle.verify();
  bundle.close();
  if (!whole) {
    io.err(zh ? `palisade：拒绝 ${file}：内容与其摘要不符\n` : `palisade: refused ${file}: its content does not match its digest\n`);
    return 1;
  }
  if (existsSync(target) && !allowShrink) {
    const present = openBundle(target);
    const problems = shrinkage(present.manifest, manifest);
    present.close();
    if (problems.length > 0) {
      io.err(`${zh ? `palisade：拒绝 ${file}：比现有漏洞库少得可疑（--allow-shrink 可强制）` : `palisade: refused ${file}: suspiciously smaller than the present bundle (--allow-shrink overrides)`}\n${problems.map((problem) => `  ${problem}\n`).join('')}`);
      return 1;
    }
  }
  if (existsSync(target)) renameSync(target, path.join(path.dirname(target), 'previous.db'));
  renameSync(incoming, target);
  io.out(zh ? `已导入 ${manifest.id}，数据截至 ${manifest.built}\n` : `imported ${manifest.id}, data up to ${manifest.built}\n`);
  return 0;
}
