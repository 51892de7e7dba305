import { readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { contentFolder } from '../../scan/content.ts';

/** Within an exported pack: the version the edits are made on, what the last update replaced, and the version's name. */
export const baseFolder = '.base';
export const beforeFolder = '.before';
export const versionFile = 'VERSION';

/** The product's pack: rule files and texts by name, and its version. */
export function productPack(): { readonly version: string; readonly files: ReadonlyMap<string, string> } {
  const folder = contentFolder('runtime');
  return { version: readFileSync(path.join(folder, versionFile), 'utf8').trim(), files: readYaml(folder) };
}

export function readYaml(folder: string): ReadonlyMap<string, string> {
  return new Map(readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort().map((name) => [name, readFileSync(path.join(folder, name), 'utf8')]));
}

/** Texts of rules in one language: no rules themselves. */
export function isText(name: string): boolean {
  return /\.(?:en|zh-CN)\.yaml$/.test(name);
}

/** Whole or not at all. */
export function writeWhole(file: string, text: string): void {
  writeFileSync(`${file}.fresh`, text);
  renameSync(`${file}.fresh`, file);
}
