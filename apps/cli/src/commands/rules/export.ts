import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { baseFolder, productPack, versionFile, writeWhole } from './pack-folder.ts';

/** `rules export`: the pack in a folder of its own, to be edited; what it was is kept beside it for the next update. */
export function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || rest.length > 0) throw new UsageError('usage: palisade rules export DIR');
  const folder = path.resolve(io.cwd, name);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UsageError(`${name} is not empty; "palisade rules update ${name}" brings a new version into an exported pack`);
  const { version, files } = productPack();
  mkdirSync(path.join(folder, baseFolder), { recursive: true });
  for (const [file, text] of files) {
    writeWhole(path.join(folder, file), text);
    writeWhole(path.join(folder, baseFolder, file), text);
  }
  writeWhole(path.join(folder, versionFile), `${version}\n`);
  io.out(io.locale === 'zh-CN' ? `规则包 ${version}：${files.size} 个文件\n` : `rule pack ${version}: ${files.size} files\n`);
  return Promise.resolve(0);
}
