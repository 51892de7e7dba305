import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { Gap } from '@palisade/model/gap';

/** Container runtimes Palisade doesn't read yet, by the sockets they are known for. */
const unsupported: readonly { kind: string; sockets: readonly string[] }[] = [
  { kind: 'containerd', sockets: ['/run/containerd/containerd.sock', '/run/k3s/containerd/containerd.sock'] },
  { kind: 'cri-o', sockets: ['/run/crio/crio.sock'] },
  { kind: 'podman', sockets: ['/run/podman/podman.sock'] },
];
const rootless: readonly { kind: string; name: string }[] = [
  { kind: 'rootless docker', name: 'docker.sock' },
  { kind: 'rootless podman', name: 'podman/podman.sock' },
];

export type FoundSocket = { readonly kind: string; readonly socket: string };

/** Sockets of other runtimes on this host; `runtimeFolders` are the per-user ones (/run/user/UID). A Docker host's own containerd is Docker's, not another engine. */
export function findOtherEngines(root: string, runtimeFolders: readonly string[], docker: boolean): FoundSocket[] {
  const all = [
    ...unsupported.flatMap(({ kind, sockets }) => sockets.map((socket) => ({ kind, socket: path.join(root, socket) }))),
    ...runtimeFolders.flatMap((folder) => rootless.map(({ kind, name }) => ({ kind, socket: path.join(folder, name) }))),
  ];
  return all.filter(({ kind, socket }) => isSocket(socket) && !(docker && kind === 'containerd' && socket === path.join(root, '/run/containerd/containerd.sock')));
}

export function engineGaps(found: readonly FoundSocket[], since: string): Gap[] {
  return found.map(({ kind, socket }) => ({
    kind: 'engine-unsupported',
    subject: socket,
    since,
    reason: `a ${kind} socket is here; its containers and images are not looked at`,
    count: 1,
    remedy: { en: `Scan images of ${kind} as archives (palisade scan archive:FILE) until it is supported.`, 'zh-CN': `在支持 ${kind} 之前，可将其镜像导出为归档后扫描（palisade scan archive:文件）。` },
  }));
}

function isSocket(file: string): boolean {
  try {
    return lstatSync(file).isSocket();
  } catch {
    return false;
  }
}
