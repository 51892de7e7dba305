import type { Container as EngineContainer } from '@palisade/model/container';
import type { Container } from '@palisade/syscall-rules/event';
import { hostContainer } from '@palisade/syscall-rules/event';

/** "docker.io/library/nginx:1.27@sha256:…" in its parts; an image id alone has no name. */
export function splitImageName(name: string): { readonly repository: string; readonly tag: string; readonly digest: string } {
  if (/^(?:sha256:)?[0-9a-f]{12,64}$/.test(name)) return { repository: '', tag: '', digest: '' };
  const [named = '', digest = ''] = name.split('@');
  const colon = named.lastIndexOf(':');
  if (colon <= named.lastIndexOf('/')) return { repository: named, tag: digest === '' ? 'latest' : '', digest };
  return { repository: named.slice(0, colon), tag: named.slice(colon + 1), digest };
}

/** The engine's container in the rules' words. `bootTime`: ms since 1970 at which the event clock was 0. */
export function containerOfEngine(from: EngineContainer, bootTime: number): Container {
  const { repository, tag, digest } = splitImageName(from.imageName);
  const started = from.started === null ? undefined : (Date.parse(from.started) - bootTime) * 1e6;
  const { labels } = from;
  const podName = labels['io.kubernetes.pod.name'];
  const sandbox = labels['io.kubernetes.sandbox.id'] ?? '';
  return {
    ...hostContainer,
    id: from.id.slice(0, 12),
    fullId: from.id,
    name: from.name,
    type: from.engine,
    image: from.imageName,
    imageId: from.image.replace(/^sha256:/, '').slice(0, 12),
    imageRepository: repository,
    imageTag: tag,
    imageDigest: digest,
    privileged: from.privileged,
    mounts: from.mounts.map((mount) => ({ source: mount.source, destination: mount.destination, mode: '', readWrite: !mount.readOnly, propagation: '' })),
    labels,
    started,
    hostPid: from.pidMode === 'host',
    hostNetwork: from.networkMode === 'host',
    hostIpc: from.ipcMode === 'host',
    pod: podName === undefined ? undefined : {
      name: podName,
      namespace: labels['io.kubernetes.pod.namespace'] ?? '',
      uid: labels['io.kubernetes.pod.uid'] ?? '',
      sandboxId: sandbox.slice(0, 12),
      fullSandboxId: sandbox,
      labels: {},
      ip: '',
      cniJson: '',
    },
  };
}
