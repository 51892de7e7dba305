import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** Kernel interfaces: their "files" are made up on reading. */
const pseudo: ReadonlySet<string> = new Set(['proc', 'sysfs', 'devtmpfs', 'devpts', 'cgroup', 'cgroup2', 'tracefs', 'debugfs', 'bpf', 'securityfs', 'pstore', 'mqueue', 'hugetlbfs', 'configfs', 'fusectl', 'binfmt_misc', 'nsfs', 'efivarfs', 'autofs', 'rpc_pipefs']);

/** Where engines keep layers and containers unless told otherwise. */
const engineData = ['var/lib/docker', 'var/lib/containerd', 'var/lib/containers/storage', 'var/lib/rancher/k3s/agent/containerd', 'var/lib/k0s/containerd', 'var/snap/docker/common/var-lib-docker', 'run/containerd', 'run/docker'];

export type Mount = { readonly point: string; readonly type: string; readonly options: string };

/**
 * The mounts that a scan of `root` may meet: this process's, or those of another whose root it is (PROC/PID/root, as the
 * node container sees its host), then as they are reached from here. Empty where /proc doesn't tell.
 */
export function mountsAt(root: string): Mount[] {
  const other = /^(.*\/\d+)\/root$/.exec(root)?.[1];
  try {
    const mounts = parseMounts(readFileSync(`${other ?? '/proc/self'}/mountinfo`, 'utf8'));
    return other === undefined ? mounts : mounts.map(({ point, type, options }) => ({ point: point === '/' ? root : path.join(root, point), type, options: options.replace(/((?:^|,)upperdir=)\//, `$1${root}/`) }));
  } catch {
    return [];
  }
}

/** Lines of proc_pid_mountinfo(5); blanks in paths stand as octal escapes. */
export function parseMounts(text: string): Mount[] {
  const unescaped = (word: string): string => word.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
  return text.split('\n').flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const point = left.split(' ')[4];
    const [type = '', , options = ''] = right.split(' ');
    return point === undefined ? [] : [{ point: unescaped(point), type, options: unescaped(options) }];
  });
}

/**
 * Places below `root` that a scan of it must not enter, each with its reason: interfaces of the kernel, containers' own
 * root file systems, and the stores of container engines (their images are scanned by name, layer by layer; as loose
 * files every deleted and duplicated one would look installed).
 */
export function mountsToSkip(root: string, mounts: readonly Mount[] = mountsAt(root)): Map<string, string> {
  const skip = new Map<string, string>();
  const inside = root === '/' ? '/' : `${root}/`;
  const isBelow = (place: string): boolean => place !== root && place.startsWith(inside);
  for (const { point, type, options } of mounts) {
    if (type === 'overlay') {
      // overlay2 below Docker's data root; snapshots below containerd's.
      const store = /(?:^|,)upperdir=(\/[^,]*?)\/(?:overlay2|io\.containerd\.snapshotter\.v1\.[\w-]+|overlay)\//.exec(options)?.[1];
      if (store !== undefined && isBelow(store)) skip.set(store, 'the store of a container engine: its images are scanned by name');
    }
    if (!isBelow(point)) continue;
    if (pseudo.has(type)) skip.set(point, `${type} is an interface of the kernel, not stored files`);
    else if (type === 'overlay') skip.set(point, 'the root file system of a container: scanned as its image');
  }
  for (const place of engineData) {
    const full = path.join(root, place);
    if (statSync(full, { throwIfNoEntry: false })?.isDirectory() === true) skip.set(full, 'the store of a container engine: its images are scanned by name');
  }
  return skip;
}
