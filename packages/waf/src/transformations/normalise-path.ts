/** Resolves ".", ".." and repeated slashes without going above the root. */
export function normalisePath(value: string): string {
  if (!/\/\/|\.\/|\/\.|^\.|\.$/.test(value)) return value;
  const rooted = value.startsWith('/');
  const parts: string[] = [];
  let real = 0;
  for (const part of value.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      if (real > 0) {
        parts.pop();
        real -= 1;
      } else if (!rooted) parts.push('..');
      continue;
    }
    parts.push(part);
    real += 1;
  }
  const body = parts.join('/');
  const slash = value.endsWith('/') && body !== '' ? '/' : '';
  return `${rooted ? '/' : ''}${body}${body === '' && !rooted ? '' : slash}`;
}
