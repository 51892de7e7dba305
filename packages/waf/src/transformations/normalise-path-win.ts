import { normalisePath } from './normalise-path.ts';

/** normalisePath after turning backslashes into slashes. */
export function normalisePathWin(value: string): string {
  return normalisePath(value.includes('\\') ? value.replaceAll('\\', '/') : value);
}
