import { readFileSync } from 'node:fs';

/** Kernel interfaces: their "files" are made up on reading. */
const pseudo: ReadonlySet<string> = new Set(['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'tracefs', 'debugfs', 'bpf', 'securityfs', 'pstore', 'mqueue', 'hugetlbfs', 'configfs', 'fusectl', 'binfmt_misc', 'nsfs', 'efivarfs', 'autofs', 'rpc_pipefs']);

/**
 * Mount points below `root` that a scan of a live root must not enter: kernel interfaces, and overlay mounts (each
 * container's own root file system, which belongs to its image's scan). Empty where /proc doesn't tell.
 */
export function mountsToSkip(root: string): Map<string, string> {
  const skip = new Map<string, string>();
  let text: string;
  try {
    text = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return skip;
  }
  const inside = root === '/' ? '/' : `${root}/`;
  for (const line of text.split('\n')) {
    const [left, right] = line.split(' - ');
    const point = (left ?? '').split(' ')[4]?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    const type = (right ?? '').split(' ')[0] ?? '';
    if (point === undefined || point === root || !point.startsWith(inside)) continue;
    if (pseudo.has(type)) skip.set(point, `${type} is an interface of the kernel, not stored files`);
    else if (type === 'overlay') skip.set(point, 'the root file system of a container: scanned as its image');
  }
  return skip;
}
