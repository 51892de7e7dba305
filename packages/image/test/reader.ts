import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Analyzer } from '../src/analyzer.ts';
import type { Analysis, AnalyseOptions } from '../src/analyse.ts';
import { analyseImage } from '../src/analyse.ts';
import { openArchive } from '../src/open.ts';

/** Learns the content of every file below "want/". */
export const echo: Analyzer = {
  id: 'echo',
  version: 1,
  wants: (stat) => stat.type === 'file' && stat.path.startsWith('want/'),
  read: async (file) => Buffer.from(await file.bytes(1 << 20)).toString('utf8'),
};

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'palisade-image-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function analyseArchive(archive: Buffer, options: Partial<AnalyseOptions> = {}, analyzers: readonly Analyzer[] = [echo]): Promise<Analysis> {
  const file = path.join(temporaryFolder(), 'image.tar');
  writeFileSync(file, archive);
  const opened = await openArchive(file, 'linux/amd64');
  try {
    return await analyseImage(opened, analyzers, { signal: new AbortController().signal, ...options });
  } finally {
    opened.close();
  }
}
