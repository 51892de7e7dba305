import path from 'node:path';

/** A path from the process's root, "." and ".." taken out. Most are so already: those are returned as they are. */
export function absolutePath(base: string | undefined, given: string): string {
  if (given.startsWith('/') && !given.includes('//') && !given.includes('/.') && (given.length === 1 || !given.endsWith('/'))) return given;
  return path.posix.resolve(base === undefined || base === '' ? '/' : base, given);
}
