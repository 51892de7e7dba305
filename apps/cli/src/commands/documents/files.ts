import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { text as readAll } from 'node:stream/consumers';
import { messageOf } from '@palisade/model/error';
import { checkDocuments, documentText } from '@palisade/verdict/document/registry';
import type { PalisadeDocument } from '@palisade/verdict/document/registry';
import type { Io } from '../../command.ts';
import { UsageError } from '../../command.ts';

/** Every document of some files, directories (their .yaml, .yml and .json, recursively) or "-". All faults are printed; undefined when there are any. */
export async function readDeclared(paths: readonly string[], io: Io): Promise<string | undefined> {
  const texts: { file: string; text: string }[] = [];
  for (const given of paths) {
    if (given === '-') {
      texts.push({ file: '-', text: await readAll(io.stdin) });
      continue;
    }
    try {
      for (const file of filesOf(path.resolve(io.cwd, given))) texts.push({ file: path.relative(io.cwd, file), text: readFileSync(file, 'utf8') });
    } catch (error) {
      throw new UsageError(`${given}: ${messageOf(error)}`);
    }
  }
  const documents: PalisadeDocument[] = [];
  let faults = 0;
  for (const { file, text } of texts) {
    const checked = checkDocuments(text, file);
    documents.push(...checked.documents);
    for (const fault of checked.faults) io.err(`${fault.file}:${fault.line}:${fault.column}: ${fault.cause}\n`);
    faults += checked.faults.length;
  }
  if (faults > 0) return undefined;
  const [only] = texts;
  // One file goes as it was written, comments and all.
  return texts.length === 1 && only !== undefined ? only.text : documents.map(documentText).join('---\n');
}

function filesOf(file: string): string[] {
  if (!statSync(file).isDirectory()) return [file];
  return readdirSync(file, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}
