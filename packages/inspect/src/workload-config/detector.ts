import type { Container } from '@palisade/model/container';
import type { Detector, Draft } from '../detector.ts';
import { draftOf } from '../draft.ts';
import { workloadConfigRules } from './rules.ts';

/** Capabilities that lead out, each with how. */
const capabilities: Readonly<Record<string, string>> = {
  ALL: 'every way below',
  SYS_ADMIN: 'mount file systems, write release_agent of cgroup v1',
  SYS_PTRACE: 'trace processes of a shared process namespace',
  SYS_MODULE: 'load a kernel module',
  SYS_RAWIO: 'write ports and physical memory',
  DAC_READ_SEARCH: 'open files of the node by handle (open_by_handle_at)',
  DAC_OVERRIDE: 'pass over file permissions on mounts of the node',
  NET_ADMIN: 'change routes and firewall of its network, forge neighbours',
  NET_RAW: 'forge packets on its network (ARP, DNS)',
  SYS_BOOT: 'replace the kernel by kexec, restart the node',
  SYS_TIME: 'set the node\'s clock',
  BPF: 'load programs into the kernel',
  PERFMON: 'read kernel memory by tracing',
  SYSLOG: 'read kernel addresses',
  MKNOD: 'make device files',
  MAC_ADMIN: 'change mandatory access control',
  MAC_OVERRIDE: 'pass over mandatory access control',
  CHECKPOINT_RESTORE: 'pick process ids, read other processes\' map files',
};

const engineSocket = /(?:^|\/)(?:docker|containerd|crio|podman|buildkitd|cri-dockerd|dockershim)\.sock$/;
/** Directories of the node that hold what it runs or trusts. */
const sensitive = [
  /^\/$/, /^\/(?:boot|dev|etc|lib|lib64|proc|root|sbin|sys|bin|usr)(?:\/|$)/, /^\/home(?:\/[^/]+)?(?:\/\.(?:ssh|aws|kube|docker|config).*)?$/,
  /^\/var\/(?:lib\/(?:docker|containerd|kubelet|containers|etcd|rancher)|spool\/cron)(?:\/|$)/, /^\/var\/lib$/, /^\/var\/run$|^\/run$|^\/var$/, /^\/(?:var\/)?run\/(?:docker|containerd|crio|podman|secrets|systemd|dbus)(?:\/|$)/,
];
/** Single files that engines and users mount without harm. */
const harmless = /^\/(?:etc\/(?:localtime|timezone|hosts|hostname|resolv\.conf)|usr\/share\/(?:zoneinfo|ca-certificates).*|etc\/ssl\/certs.*|dev\/(?:null|zero|urandom|random|fuse|net\/tun|shm))$|^\/var\/lib\/docker\/volumes\/|^\/var\/lib\/(?:docker|containers)\/containers\/[0-9a-f]+\/|^\/var\/lib\/kubelet\/pods\//;

const harmfulDevice = /^\/dev\/(?:sd|hd|vd|xvd|nvme|dm-|mapper|md|loop|mem|kmem|port|kmsg|disk)/;

/** Judges how a container was started. Pure: everything it needs is in the engine's answer. */
export const workloadConfig: Detector<Container> = {
  id: 'workload-config',
  rules: workloadConfigRules,
  inspect(container) {
    return [...configured(container), ...mounted(container), ...limited(container)];
  },
};

function find(container: Container, rule: keyof typeof workloadConfigRules, evidence: string): Draft {
  return draftOf(workloadConfig, rule, { subject: `${container.cluster}\n${container.id}\n${evidence}`, evidence });
}

function* configured(container: Container): Generator<Draft> {
  const { privileged, securityOpt } = container;
  if (privileged) yield find(container, 'workload-config-privileged', '--privileged');
  if (container.pidMode === 'host') yield find(container, 'workload-config-host-pid', 'pid: host');
  if (container.networkMode === 'host') yield find(container, 'workload-config-host-network', 'network: host');
  if (container.ipcMode === 'host') yield find(container, 'workload-config-host-ipc', 'ipc: host');
  if (container.utsMode === 'host') yield find(container, 'workload-config-host-uts', 'uts: host');
  for (const added of container.capAdd) {
    const name = added.toUpperCase().replace(/^CAP_/, '');
    const way = Object.hasOwn(capabilities, name) ? capabilities[name] : undefined;
    if (way !== undefined) yield find(container, 'workload-config-capability', `${name}: ${way}`);
  }
  const option = (name: string, value: string): boolean => securityOpt.some((entry) => entry.replace(':', '=') === `${name}=${value}`);
  if (option('seccomp', 'unconfined')) yield find(container, 'workload-config-no-seccomp', 'seccomp=unconfined');
  if (option('apparmor', 'unconfined')) yield find(container, 'workload-config-no-apparmor', 'apparmor=unconfined');
  if (option('label', 'disable')) yield find(container, 'workload-config-no-apparmor', 'label=disable');
  if (!securityOpt.some((entry) => /^no-new-privileges(?:[:=]true)?$/.test(entry))) yield find(container, 'workload-config-new-privileges', 'no-new-privileges is off');
  const user = container.user.split(':', 1)[0] ?? '';
  if (user === '' || user === 'root' || /^0+$/.test(user)) yield find(container, 'workload-config-root-user', user === '' ? 'no user set' : `user ${container.user}`);
  if (!container.readOnlyRoot) yield find(container, 'workload-config-writable-root', 'root file system is writable');
}

function* mounted(container: Container): Generator<Draft> {
  for (const mount of container.mounts) {
    const source = mount.source.replace(/(?<=.)\/+$/, '');
    const evidence = `${mount.source} -> ${mount.destination}${mount.readOnly ? ' (read-only)' : ''}`;
    // A read-only mount of a socket still lets one connect and write.
    if (engineSocket.test(source)) yield find(container, 'workload-config-engine-socket', evidence);
    else if (mount.kind === 'bind' && !harmless.test(source) && sensitive.some((pattern) => pattern.test(source))) {
      yield find(container, mount.readOnly ? 'workload-config-sensitive-mount-read' : 'workload-config-sensitive-mount', evidence);
    }
  }
  for (const device of container.devices) if (harmfulDevice.test(device)) yield find(container, 'workload-config-device', device);
}

function* limited(container: Container): Generator<Draft> {
  if (container.limits.memory === null) yield find(container, 'workload-config-no-memory-limit', 'memory: no limit');
  if (container.limits.pids === null) yield find(container, 'workload-config-no-pids-limit', 'processes: no limit');
  if (container.limits.cpus === null) yield find(container, 'workload-config-no-cpu-limit', 'CPU: no limit');
}
