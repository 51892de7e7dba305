import { limits } from './limits.ts';

/**
 * An archive's path as a clean relative one, or undefined for one that leaves the tree, is too long or too deep
 * (the caller reports it). "./a//b/" → "a/b"; "/etc/x" → "etc/x" (archives are unpacked below a root);
 * "" stands for the root itself.
 */
export function cleanPath(raw: string): string | undefined {
  if (raw.length > limits.pathLength || raw.includes('\0')) return undefined;
  if (isClean(raw)) return raw;
  const parts: string[] = [];
  for (const part of raw.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') return undefined;
    parts.push(part);
  }
  return parts.length > limits.pathDepth ? undefined : parts.join('/');
}

/** The common case without allocation: no empty, "." or ".." component. Deep paths take the slow way. */
function isClean(raw: string): boolean {
  if (raw.length === 0 || raw.length > limits.pathDepth) return false;
  let start = 0;
  for (;;) {
    const slash = raw.indexOf('/', start);
    const end = slash === -1 ? raw.length : slash;
    const length = end - start;
    if (length === 0 || (raw.charCodeAt(start) === 46 && (length === 1 || (length === 2 && raw.charCodeAt(start + 1) === 46)))) return false;
    if (slash === -1) return true;
    start = slash + 1;
  }
}

/** The last component. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The directory part; "" at the top. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash === -1 ? '' : path.slice(0, slash);
}
