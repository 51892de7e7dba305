import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '@palisade/model/error';
import { problemLine } from '@palisade/syscall-rules/documents/problem';
import type { MergeConflict } from '@palisade/syscall-rules/pack/merge';
import { mergePackFile } from '@palisade/syscall-rules/pack/merge';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';
import { bareContext, load } from './load.ts';
import { baseFolder, beforeFolder, isText, productPack, readYaml, versionFile, writeWhole } from './pack-folder.ts';

type Result = { readonly files: ReadonlyMap<string, string>; readonly conflicts: readonly (MergeConflict & { readonly file: string })[]; readonly updated: number; readonly kept: number };

/**
 * `rules update`: a three-way merge of the pack a folder was exported from, the folder as edited, and the pack of this
 * version. Nothing is written when the result does not load. Exit 1 when an edit and the update changed the same thing:
 * the edit stands.
 */
export function run(args: readonly string[], io: Io): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || rest.length > 0) throw new UsageError('usage: palisade rules update DIR');
  const folder = path.resolve(io.cwd, name);
  if (!existsSync(path.join(folder, baseFolder))) throw new UsageError(`${name} is no exported rule pack ("palisade rules export ${name}" makes one)`);
  const zh = io.locale === 'zh-CN';
  const from = existsSync(path.join(folder, versionFile)) ? readFileSync(path.join(folder, versionFile), 'utf8').trim() : '?';
  const pack = productPack();
  const mine = readYaml(folder);
  const merged = mergeAll(readYaml(path.join(folder, baseFolder)), mine, pack.files);
  const rules = [...merged.files].filter(([file]) => !isText(file)).map(([file, content]) => ({ name: file, content }));
  const broken = load(rules, bareContext).problems.filter(({ severity }) => severity === 'error');
  if (broken.length > 0) {
    for (const problem of broken) io.out(`${problemLine(problem)}\n`);
    io.err(zh ? '合并后的规则无法加载：未作任何更改\n' : 'the merged rules do not load: nothing was changed\n');
    return Promise.resolve(1);
  }
  writeAll(folder, mine, merged.files, pack);
  for (const { file, item, member, mine: own, theirs } of merged.conflicts) {
    const what = member === '' ? item : `${item}: ${member}`;
    io.out(zh ? `${file}: ${what}：两边都有修改，保留您的 ${JSON.stringify(own)}，新版本为 ${JSON.stringify(theirs)}\n` : `${file}: ${what}: changed on both sides; yours stays (${JSON.stringify(own)}), the new version has ${JSON.stringify(theirs)}\n`);
  }
  io.out(zh ? `规则包 ${from} → ${pack.version}：更新 ${merged.updated} 项，保留修改 ${merged.kept} 项，冲突 ${merged.conflicts.length} 项\n` : `rule pack ${from} -> ${pack.version}: ${merged.updated} entries updated, ${merged.kept} edits kept, ${merged.conflicts.length} conflicts\n`);
  return Promise.resolve(merged.conflicts.length === 0 ? 0 : 1);
}

function mergeAll(base: ReadonlyMap<string, string>, mine: ReadonlyMap<string, string>, theirs: ReadonlyMap<string, string>): Result {
  const files = new Map<string, string>();
  const conflicts: (MergeConflict & { file: string })[] = [];
  let updated = 0;
  let kept = 0;
  for (const file of [...new Set([...theirs.keys(), ...mine.keys()])].sort()) {
    const [old, own, fresh] = [base.get(file), mine.get(file), theirs.get(file)];
    if (own === undefined || fresh === undefined) {
      // A file of the user's own, or a new one of the pack. One that either side took away stays away, unless it was edited.
      if (old === undefined || (own !== undefined && own !== old)) files.set(file, own ?? fresh ?? '');
      if (old !== undefined && own !== undefined && own !== old) conflicts.push({ file, item: 'file', member: '', mine: 'changed', theirs: 'removed' });
    } else if (own === old || own === fresh) {
      files.set(file, fresh);
      if (own !== fresh) updated += 1;
    } else if (fresh === old) {
      files.set(file, own);
      kept += 1;
    } else if (isText(file)) {
      files.set(file, own);
      conflicts.push({ file, item: 'texts', member: '', mine: 'changed', theirs: 'changed' });
    } else {
      try {
        const merged = mergePackFile(file, old ?? '[]\n', own, fresh);
        files.set(file, merged.text);
        conflicts.push(...merged.conflicts.map((conflict) => ({ file, ...conflict })));
        updated += merged.updated.length;
        kept += merged.kept.length;
      } catch (error) {
        throw new UsageError(messageOf(error));
      }
    }
  }
  return { files, conflicts, updated, kept };
}

function writeAll(folder: string, mine: ReadonlyMap<string, string>, merged: ReadonlyMap<string, string>, pack: ReturnType<typeof productPack>): void {
  const before = path.join(folder, beforeFolder);
  rmSync(before, { recursive: true, force: true });
  mkdirSync(before);
  for (const [file, text] of mine) writeWhole(path.join(before, file), text);
  for (const [file, text] of merged) writeWhole(path.join(folder, file), text);
  for (const file of mine.keys()) if (!merged.has(file)) rmSync(path.join(folder, file));
  rmSync(path.join(folder, baseFolder), { recursive: true });
  mkdirSync(path.join(folder, baseFolder));
  for (const [file, text] of pack.files) writeWhole(path.join(folder, baseFolder, file), text);
  writeWhole(path.join(folder, versionFile), `${pack.version}\n`);
}
