import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { mountsAt, mountsToSkip, parseMounts } from '../src/scan/mounts.ts';

const mounts = parseMounts(`21 1 0:20 / /proc rw - proc proc rw
22 1 0:21 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
23 1 8:1 / /home/my\\040data rw - ext4 /dev/sda1 rw
24 1 0:40 / /srv/engine/overlay2/abc/merged rw - overlay overlay rw,lowerdir=/srv/engine/overlay2/l/A,upperdir=/srv/engine/overlay2/abc/diff,workdir=/srv/engine/overlay2/abc/work
25 1 0:41 / /run/x/rootfs rw - overlay overlay rw,lowerdir=/a,upperdir=/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/7/fs,workdir=/w
`);

it('leaves out kernel interfaces, containers and the stores of engines, and says why', () => {
  const skip = mountsToSkip('/nowhere-at-all', mounts);
  expect([...skip]).toEqual([]);
  const whole = mountsToSkip('/', mounts);
  expect(whole.get('/proc')).toContain('proc is an interface of the kernel');
  expect(whole.get('/srv/engine')).toContain('store of a container engine');
  expect(whole.get('/var/lib/containerd')).toContain('store of a container engine');
  expect(whole.get('/run/x/rootfs')).toContain('scanned as its image');
  expect(whole.has('/home/my data')).toBe(false);
});

it('knows the usual stores below any root', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'palisade-mounts-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(path.join(root, 'var/lib/docker'), { recursive: true });
  expect([...mountsToSkip(root, []).keys()]).toEqual([path.join(root, 'var/lib/docker')]);
});

it('sees the mounts of another process below its root, as the node container sees its host', () => {
  const root = `/proc/${process.pid}/root`;
  const here = mountsAt('/').map(({ point }) => point);
  expect(mountsAt(root).map(({ point }) => point)).toEqual(here.map((point) => (point === '/' ? root : path.join(root, point))));
  expect(mountsToSkip(root, [{ point: path.join(root, 'proc'), type: 'proc', options: '' }, { point: root, type: 'overlay', options: `upperdir=${root}/srv/overlay2/x/diff` }]).get(path.join(root, 'proc'))).toContain('interface of the kernel');
});
