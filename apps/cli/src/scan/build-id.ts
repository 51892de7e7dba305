import { readFileSync } from 'node:fs';
import path from 'node:path';

/** Names the build this runs from, all of its code; undefined from source, where the code changes under a name. */
export function buildId(): string | undefined {
  try {
    return readFileSync(path.join(import.meta.dirname, '../build-id'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
