import path from 'node:path';
import type { Io } from '../../../command.ts';
import { UsageError } from '../../../command.ts';
import { diffRules } from './diff.ts';
import { readRuleFolder } from './source.ts';
import { keep, kept, rulesHome } from './store.ts';

/** `waf rules install PATH|deb`, `waf rules list` (1 when an installed set is damaged) and `waf rules diff ID ID`. */
export function rules(args: readonly string[], io: Io): number {
  const zh = io.locale === 'zh-CN';
  const [word, given] = args;
  const home = rulesHome(io);
  if (word === 'install' && given !== undefined && args.length === 2) {
    const { target, manifest, fresh } = keep(home, given === 'deb' ? 'deb' : path.resolve(io.cwd, given), readRuleFolder(given, io.cwd));
    const version = manifest.version === '' ? (zh ? '版本未知' : 'version unknown') : manifest.version;
    io.out(zh ? `${fresh ? '已安装' : '此前已安装'} ${version}：${manifest.rules} 条规则\n` : `${fresh ? 'installed' : 'already installed'} ${version}: ${manifest.rules} rules\n`);
    const folders = [...new Set(manifest.load.map((name) => path.dirname(name)))];
    const globs = folders.length === 1 ? [path.join(target, folders[0]!, '*.conf')] : [path.join(target, manifest.load[0]!), path.join(target, 'rules', '*.conf')];
    io.out(`${globs.map((glob) => `--rules '${glob}'`).join(' ')}\n`);
    return 0;
  }
  if (word === 'list' && args.length === 1) {
    const found = kept(home);
    for (const { id, damaged, manifest } of found) {
      const state = damaged === undefined ? (zh ? '完整' : 'whole') : zh ? `已损坏：${damaged}` : `damaged: ${damaged}`;
      io.out(`${id}  ${manifest?.version || '-'}  ${manifest?.rules ?? '-'}  ${manifest?.source ?? '-'}  ${state}\n`);
    }
    if (found.length === 0) io.err(zh ? `${home} 中没有规则集\n` : `no rule set in ${home}\n`);
    return found.some(({ damaged }) => damaged !== undefined) ? 1 : 0;
  }
  if (word === 'diff' && given !== undefined && args[2] !== undefined && args.length === 3) {
    const lines = diffRules(home, given, args[2]);
    for (const line of lines) io.out(`${line}\n`);
    const count = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
    io.out(zh ? `新增 ${count('+')}，移除 ${count('-')}，更改 ${count('~')}\n` : `${count('+')} added, ${count('-')} removed, ${count('~')} changed\n`);
    return 0;
  }
  throw new UsageError('usage: palisade waf rules install PATH|deb\n  palisade waf rules list\n  palisade waf rules diff ID ID');
}
