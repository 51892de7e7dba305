import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

/** A folder of content that ships with the product. */
export function contentFolder(name: string): string {
  return contentPath(name);
}

/** Absolute path of a file that ships with the product, from source as from the build: the nearest content/ above. */
function contentPath(name: string): string {
  for (let folder = import.meta.dirname; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'content', name);
    if (existsSync(found)) return found;
    if (folder === path.dirname(folder)) throw new Error(`this installation lacks content/${name}`);
  }
}

export function readContent(name: string): { file: string; text: string } {
  const file = contentPath(name);
  return { file, text: readFileSync(file, 'utf8') };
}

/** The files of a content folder whose names match, in alphabetical order. */
export function contentFiles(folder: string, wanted: RegExp): { file: string; text: string }[] {
  const place = contentPath(folder);
  return readdirSync(place)
    .filter((name) => wanted.test(name))
    .sort()
    .map((name) => ({ file: path.join(place, name), text: readFileSync(path.join(place, name), 'utf8') }));
}
