import type { Cataloguer } from '../found.ts';
import { basename, malformed, mayHoldPackage } from '../found.ts';
import { readStatus } from './status.ts';

const limits = { status: 128 * 1024 * 1024, list: 16 * 1024 * 1024 } as const;

/**
 * dpkg's database: `status`, the one-file-a-package form of distroless images (`status.d`), and the file
 * lists, which say what belongs to which package.
 */
export const dpkg: Cataloguer = {
  id: 'dpkg',
  version: 1,
  wants(stat) {
    if (stat.type !== 'file' || !stat.path.startsWith('var/lib/dpkg/') && !stat.path.startsWith('usr/lib/opkg/') && !stat.path.startsWith('var/lib/opkg/')) return false;
    const rest = stat.path.slice(stat.path.indexOf('pkg/') + 4);
    return rest === 'status' || rest.startsWith('status.d/') || (rest.startsWith('info/') && rest.endsWith('.list'));
  },
  async read(file, report) {
    const path = file.stat.path;
    if (path.endsWith('.md5sums') || path.endsWith('.list')) {
      const paths = ownedPaths(Buffer.from(await file.bytes(limits.list)).toString('utf8'), path.endsWith('.md5sums'));
      return paths.length === 0 ? undefined : { owned: [{ owner: basename(path).replace(/\.(?:list|md5sums)$/, ''), paths }] };
    }
    const text = Buffer.from(await file.bytes(limits.status)).toString('utf8');
    const { packages, bad, reason } = readStatus(text, path.includes('opkg/') ? 'opkg' : 'deb');
    if (bad > 0) report.gap(malformed(path, reason, bad));
    return { packages, database: true };
  },
};

/** `.list` holds one path a line; `.md5sums` a digest before it. */
function ownedPaths(text: string, digests: boolean): string[] {
  const paths: string[] = [];
  for (const line of text.split('\n')) {
    const shown = digests ? line.slice(line.indexOf(' ')).trim() : line;
    const path = shown.replace(/^\.?\/+/, '');
    if (path !== '' && mayHoldPackage(path)) paths.push(path);
  }
  return paths;
}
